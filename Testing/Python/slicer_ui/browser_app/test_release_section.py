"""What the page tells about a release. Skipped without the extra ``app``."""

from types import SimpleNamespace

import pytest
from slicer_ui.browser_app.test_run_control import FakeState

from CraNeXtLib.slicer_ui.browser_app.run_control import Runs

pytest.importorskip("trame_slicer", reason="the extra app is not installed")


@pytest.mark.parametrize(("accepted", "kind"), [(None, "success"), ("bench test", "warning")])
def test_a_part_that_was_accepted_though_it_does_not_fit_is_released_with_a_warning(tmp_path, accepted, kind):
    from CraNeXtLib.slicer_ui.browser_app.release_section import ReleaseSection

    bench = SimpleNamespace(state=FakeState(), runs=Runs(), folder=tmp_path)
    packed = []
    section = ReleaseSection(bench, SimpleNamespace(pack=lambda: packed.append(1)))
    release = {"files": 31, "sha256": "7f41", "verdict": "The verdict.", "accepted": accepted}
    assert section._released(SimpleNamespace(release=release)) == []
    lines = ["The verdict.", *([f"Accepted: {accepted}"] if accepted else [])]
    lines.append("31 files are released; download the folder again. SHA-256 of release.json: 7f41")
    assert (bench.state["release_kind"], bench.state["release_text"].splitlines(), packed) == (kind, lines, [1])
