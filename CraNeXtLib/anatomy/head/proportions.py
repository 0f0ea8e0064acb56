"""Proportions of a head, below its vertex."""

VAULT_HEIGHT_MM = 90.0
"""The widest and longest levels of an adult vault lie within this distance below the vertex."""
CENTER_DEPTH = 0.45
"""Depth of the center below the vertex, as a fraction of the skull's length: about the middle of the brain case."""
BASE_DEPTH = 0.5
"""Depth below the vertex, as a fraction of the length, at which orbital roofs, sphenoid and petrous bones begin."""
