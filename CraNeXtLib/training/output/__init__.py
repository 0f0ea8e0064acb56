"""What a training run leaves behind: a model folder with its card and scores, a MONAI bundle."""
