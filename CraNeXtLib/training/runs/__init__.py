"""A training run on disk, in the foreground or the background: its folder, record, lock and checkpoints."""
