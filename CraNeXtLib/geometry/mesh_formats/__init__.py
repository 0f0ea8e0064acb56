"""The formats of mesh files: STL, PLY, OBJ, 3MF and GLB."""
