"""What everything else rests on: errors, progress, files and processes. Nothing here knows what a skull is."""
