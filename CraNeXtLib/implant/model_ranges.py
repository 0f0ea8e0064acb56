"""Least and greatest sizes of the models of bone to print, and of an onlay. NOT VALIDATED CLINICALLY."""

BONE_MODEL_MM = (5.0, 100.0)
"""How far around the implant a model of bone reaches."""

BONE_BASE_MM = (1.0, 50.0)
"""Thickness of the base below it."""

SKULL_MODEL_MM = (0.01, 2.0)
"""How far a model of the whole skull may be from it."""

ONLAY_THICKNESS_MM, ONLAY_OVERLAP_MM = (0.2, 3.0), (2.0, 40.0)
"""Thickness of a titanium sheet, and how far it reaches over the bone."""
