"""The browser application: what Slicer's panels do, without Slicer, one section per file."""
