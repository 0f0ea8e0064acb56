"""Only exported files can be asked for, by names that addresses may contain."""

import pytest

from CraNeXtLib.slicer_ui.browser_app.exported_files import exported_file, file_name


@pytest.mark.parametrize(
    ("name", "made"), [("Case 1", "Case-1"), ("../Müller: 3/4", "M-ller-3-4"), ("...", "case"), ("a" * 99, "a" * 80)]
)
def test_a_case_name_becomes_a_file_name(name, made):
    assert file_name(name) == made


def test_files_outside_the_exports_are_not_given(tmp_path):
    exports = tmp_path / "exports"
    (exports / "case").mkdir(parents=True)
    (exports / "case" / "report.html").touch()
    (tmp_path / "secret").touch()
    (exports / "link").symlink_to(tmp_path / "secret")
    assert exported_file(exports, "case/report.html") == (exports / "case" / "report.html").resolve()
    for name in ("../secret", "/etc/passwd", "case", "missing", "link"):
        assert exported_file(exports, name) is None
