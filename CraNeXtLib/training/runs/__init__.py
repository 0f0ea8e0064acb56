"""A training run on disk: its folder, record, lock and checkpoints, in the foreground or background."""
