"""Runs every test of this folder inside Slicer; the exit status is 1 if one failed or none was found.

``Slicer --testing --no-splash --no-main-window --python-script Testing/Slicer/run_all.py``
"""

import sys
import unittest
from pathlib import Path

import slicer

folder = Path(__file__).resolve().parent
# The three modules of this checkout, if Slicer does not have them.
sys.path.extend(str(folder.parents[1] / f"CraNeXt{name}") for name in ("Implant", "Categorize", "Training"))
result = unittest.TextTestRunner(verbosity=2).run(unittest.TestLoader().discover(str(folder)))
slicer.util.exit(0 if result.testsRun and result.wasSuccessful() else 1)
