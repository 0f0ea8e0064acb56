"""Stand-ins for the parts of the Slicer application that no Python package provides; see README.md beside this file."""
