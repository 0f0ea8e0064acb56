"""The Slicer modules' shared code; the only part of the library that imports slicer, vtk and qt."""
