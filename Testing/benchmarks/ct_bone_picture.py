"""Draw the picture of bone segmentation in the documentation: python Testing/benchmarks/ct_bone_picture.py PNG.

The CT is computed from the bundled skull.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "Python"))

from synthetic_ct import synthetic_ct

from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.pictures.ct_pictures import write_bone_picture


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("png", type=Path, help="file to write")
    ct = synthetic_ct(read_volume(DEFECTIVE_SKULL), noise_hu=15, headrest=True)
    write_bone_picture(ct, segment_bone(ct).mask, parser.parse_args().png)


if __name__ == "__main__":
    main()
