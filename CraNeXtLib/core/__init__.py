"""What every other part rests on: errors, progress, files, processes. Nothing here knows what a skull is."""
