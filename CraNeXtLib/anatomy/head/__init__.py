"""Where a head lies in its scan: its pose, its vault, and grids that follow it."""
