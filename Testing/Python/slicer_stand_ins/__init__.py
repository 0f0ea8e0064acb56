"""Stand-ins for the parts of the Slicer application that no Python package provides.

Everything here is written from Slicer's documentation and behaviour, and as thin as can be. Where a folder of Slicer's
source is named (see ``slicer_harness``), Slicer's own Python files take the place of ``scripted_module`` and
``parameter_node``.
"""
