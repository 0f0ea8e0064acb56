"""The public API: which names there are, how they are called, and that importing them costs nothing until use."""

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest
from phantoms import every_second_voxel
from repository import REPOSITORY

import CraNeXtLib
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

SIGNATURES = {
    "CaseSettings": "ct model device series bone_threshold_hu orientation segment mesh_unit mesh_space "
    "postprocessing defects reference_implant "
    "reference_segment donor report case_id finishing material fit_limits preview bone_model_mm glb "
    "bone_base_mm skull_model_mm",
    "FinishSettings": "clearance_mm edge_radius_mm minimum_wall_mm rim_bevel_deg under_contour_mm temporal_bulk_ml "
    "minimum_thickness_mm maximum_thickness_mm insertion perforation_diameter_mm perforation_pitch_mm "
    "perforation_border_mm engraving fixation segments",
    "FitLimits": "gap_mm overlap_mm rim_percent seat_deg wall_mm collision_mm",
    "Thresholds": "gap_mm excess_ml shape_mm step_mm thinnest thickest",
    "Volume": "voxels affine",
    "categorize": "skull method template progress",
    "check_fit": "implant skull mesh directions material limits rim_bevel_deg",
    "FixationSettings": "plates plate_spacing_mm plate_kind plate_length_mm plate_width_mm plate_thickness_mm "
    "screws_per_side screw_diameter_mm screw_edge_mm screw_depth_mm suture_holes "
    "suspension_holes hole_diameter_mm hole_edge_mm spur_mm midline_mm",
    "MoldSettings": "opening undercut_mm wall_mm land_mm channel_mm sprue_mm vents vent_mm keys key_mm "
    "key_clearance_mm press_margin_mm pour shrinkage_percent build_mm ring_mm",
    "SegmentSettings": "count joint lap_mm joint_gap_mm",
    "finish_case": "implant skull out settings material fit_limits orientation segment implant_segment "
    "mesh_unit mesh_space bone_model_mm glb onlay_mm bone_base_mm skull_model_mm case_id "
    "report replace progress",
    "mold_case": "part skull out settings orientation segment part_segment mesh_unit mesh_space spring_form "
    "case_id replace progress",
    "onlay_sheet": "implant skull thickness_mm overlap_mm",
    "evaluate": "implant reference skull",
    "finish": "implant skull settings head progress",
    "read_volume": "path orientation segment",
    "reconstruct": "skull model device postprocessing defects quick progress",
    "reconstruct_case": "skull out settings progress",
    "release_case": "folder accept",
    "check_release": "folder",
    "write_volume": "volume path",
}


def test_the_public_names_are_exactly_these():
    assert sorted(CraNeXtLib.__all__) == sorted(["RESEARCH_USE_NOTICE", *SIGNATURES])
    assert sorted(CraNeXtLib._PUBLIC) == sorted(SIGNATURES)
    assert CraNeXtLib.RESEARCH_USE_NOTICE == "For research use, not for clinical decisions."


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_public_name_is_called_with_these_parameters(name):
    found = getattr(CraNeXtLib, name)
    assert found.__name__ == name
    assert " ".join(inspect.signature(found).parameters) == SIGNATURES[name]


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'reconstrut'"):
        CraNeXtLib.reconstrut  # noqa: B018


def test_type_checkers_see_what_is_imported_on_use():
    """The names that type checkers read are the names that are found, from the same modules."""
    source = (REPOSITORY / "CraNeXtLib" / "__init__.py").read_text(encoding="utf-8")
    declared = {
        f"{module}:{name}"
        for module, names in re.findall(r"^    from (\S+) import (.+)$", source, re.MULTILINE)
        for name in names.split(", ")
    }
    assert declared == {*CraNeXtLib._PUBLIC.values()}


def test_exported_monai_bundles_find_what_they_name():
    from CraNeXtLib.cases import case_settings, reconstruction_case

    import_module("CraNeXtLib.cases.batch.run")
    from CraNeXtLib.cases import CaseSettings, reconstruct_case
    from CraNeXtLib.networks import build

    assert reconstruct_case is reconstruction_case.reconstruct_case
    assert CaseSettings is case_settings.CaseSettings
    assert callable(build)


def test_documented_paths_of_version_0_1_are_kept():
    from CraNeXtLib.finishing import FinishSettings

    assert FinishSettings is CraNeXtLib.FinishSettings
    answer = subprocess.run(
        [sys.executable, "-m", "CraNeXtLib.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == f"cranext {CraNeXtLib.__version__}"


def test_importing_the_package_imports_no_library():
    libraries = {"numpy", "scipy", "torch", "vtk", "monai", "ants", "nibabel"}
    program = f"import sys, CraNeXtLib; print({libraries} & {{*sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


@pytest.mark.slow
def test_the_examples_of_the_api_page_run(tmp_path):
    """On every second voxel of the bundled skull, to save time."""
    for path in (DEFECTIVE_SKULL, REFERENCE_IMPLANT):
        write_volume(every_second_voxel(read_volume(path)), tmp_path / path.name)
    coarse = f"""
from pathlib import Path
from CraNeXtLib.core import resources
resources.DEFECTIVE_SKULL = Path({DEFECTIVE_SKULL.name!r})
resources.REFERENCE_IMPLANT = Path({REFERENCE_IMPLANT.name!r})
"""
    page = (REPOSITORY / "Docs" / "api.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) > 5
    subprocess.run([sys.executable, "-c", coarse + "\n".join(examples)], cwd=tmp_path, check=True)
    assert {"implant.nrrd", "case"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["RESEARCH_USE_NOTICE", *SIGNATURES])
def test_every_public_name_is_on_the_api_page(name):
    page = (REPOSITORY / "Docs" / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"^#+ .*`{name}\b", page, re.MULTILINE)
