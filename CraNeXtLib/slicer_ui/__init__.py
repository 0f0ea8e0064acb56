"""What the Slicer modules share; the only part of the library that imports slicer, vtk and qt."""
