"""The report's scene in 3D, which a browser shows without a network."""
