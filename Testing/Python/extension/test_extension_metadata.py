"""Requirements of the Extensions Index and of Slicer's module discovery.

This does not prove: that Slicer's CMake macros build the extension, nor that the URLs exist.
"""

import ast
import json
import re
import struct

import pytest
from repository import REPOSITORY

CMAKE = (REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8")
MODULES = sorted(
    folder.parent for folder in REPOSITORY.glob("CraNeXt*/CraNeXt*.py") if folder.stem == folder.parent.name
)


def metadata(name):
    """Return a value of the extension's metadata, in the only form that the index's checker accepts."""
    return re.search(rf'^set\(EXTENSION_{name} "([^"]*)"\)$', CMAKE, re.MULTILINE)[1]


ADDRESS = re.compile(r"https://(?:raw\.githubusercontent|github)\.com/([^/]+)/SlicerCraNeXt(?:\.git|/main/(\S+))?")


def test_every_url_belongs_to_one_repository_and_names_a_file_in_it():
    index = json.loads((REPOSITORY / "CraNeXt.json").read_text(encoding="utf-8"))
    addresses = [metadata("HOMEPAGE"), metadata("ICONURL"), *metadata("SCREENSHOTURLS").split(), index["scm_url"]]
    owners, files = zip(*(ADDRESS.fullmatch(address).groups() for address in addresses), strict=True)
    assert len(set(owners)) == 1
    for file in filter(None, files):
        assert (REPOSITORY / file).is_file()
        assert file.endswith(".png")


def test_the_entry_for_the_extensions_index():
    """As required by its schema (version 1.0.2) and its checks."""
    text = (REPOSITORY / "CraNeXt.json").read_bytes()
    index = json.loads(text)
    assert b"\r" not in text
    assert index["$schema"].endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    known = {"scm_revision", "scm_type", "build_dependencies", "build_subdirectory", "enabled", "dicom_support_rule"}
    assert {"$schema", "category", "scm_url"} <= set(index) <= {"$schema", "category", "scm_url", "tier", *known}
    assert index["category"] in ("Planning", "Segmentation")  # the categories are a closed list
    assert index["build_dependencies"] == metadata("DEPENDS").split()
    assert 1 <= index["tier"] <= 5


def test_metadata():
    assert re.search(r"^project\(CraNeXt\)$", CMAKE, re.MULTILINE)
    assert "## NEXT_MODULE" in CMAKE
    assert len(metadata("DESCRIPTION")) > 50
    assert metadata("CONTRIBUTORS")
    for address in [metadata("HOMEPAGE"), metadata("ICONURL"), *metadata("SCREENSHOTURLS").split()]:
        assert address.startswith("https://")
        assert "/blob/" not in address
    assert metadata("ICONURL").endswith("/main/CraNeXt.png")
    width, height = struct.unpack(">II", (REPOSITORY / "CraNeXt.png").read_bytes()[16:24])
    assert (width, height) == (128, 128)
    assert (REPOSITORY / "LICENSE").is_file()


def test_every_module_is_built_and_no_other_file_looks_like_one():
    added = set(re.findall(r"^add_subdirectory\((\w+)\)$", CMAKE, re.MULTILINE))
    assert added == {"CraNeXtLib", *(folder.name for folder in MODULES)}
    assert not list(REPOSITORY.glob("*.py"))


@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.name)
def test_module_folder(folder):
    assert [file.name for file in folder.glob("*.py")] == [f"{folder.name}.py"]
    lists = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    for file in folder.glob("Resources/**/*"):
        assert file.is_dir() or file.relative_to(folder).as_posix() in lists
    (described,) = (
        node
        for node in ast.parse((folder / f"{folder.name}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == folder.name
    )
    assert [base.id for base in described.bases] == ["ScriptedLoadableModule"]


def test_resources_of_modules_do_not_overwrite_each_other():
    """Slicer installs the resources of all modules into one folder."""
    files = [
        file.relative_to(folder).as_posix()
        for folder in MODULES
        for file in folder.glob("Resources/**/*")
        if file.is_file()
    ]
    assert sorted(files) == sorted(set(files))
