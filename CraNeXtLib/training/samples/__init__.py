"""From skulls to training samples."""
