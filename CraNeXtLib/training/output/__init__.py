"""What a training run produces: a model folder with its card and scores, and a MONAI bundle."""
