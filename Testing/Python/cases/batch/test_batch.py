"""A batch goes through every case, survives those that fail, and goes on where it was stopped.

The reconstruction is a stand-in that writes a result in no time; ``test_cli.py`` runs the real one.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import REPOSITORY

from CraNeXtLib.cases.batch.listing import BatchCase, find_batch_cases
from CraNeXtLib.cases.batch.record import asked_of
from CraNeXtLib.cases.batch.run import run_batch
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.files.filling import reserved
from CraNeXtLib.core.runtime import jobs

RESULT = {
    "format": "cranext-result",
    "files": ["implant.stl", "result.json"],
    "implant_volume_ml": 20.0,
    "defect_area_cm2": 50.0,
    "watertight": True,
    "peak_memory_mb": 1.0,
    "pieces": [{}],
    "thickness_mm": {"median": 5.0},
    "seconds": {"all": 1.0},
    "warnings": ["Look closely."],
    "verdict": {"answer": "does not fit"},
    "metrics": {"dsc": 0.9},
}
WORKER = f"""
import json, os, pathlib, sys, time
arguments = json.loads(pathlib.Path(sys.argv[1]).read_text())["arguments"]
threads = [os.environ.get(name) for name in ("CRANEXT_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
out, skull = pathlib.Path(arguments["out"]), pathlib.Path(arguments["skull"])
def send(**event): print(json.dumps(event), flush=True)
send(event="progress", stage="Working", fraction=0.5)
text = skull.read_text()
with (skull.parent / "log").open("a") as log: log.write(skull.stem + " ")
if text == "dies": os._exit(9)
if text == "bad": send(event="error", kind="InputError", message="It is bad."); sys.exit(2)
if text == "whole":
    out.mkdir(parents=True, exist_ok=True)
    (out / "implant.stl").unlink(missing_ok=True)
    (out / "result.json").write_text(json.dumps({{"format": "cranext-result", "warnings": ["Look at the mask."]}}))
    send(event="error", kind="NoImplantError", message="Nothing is missing."); sys.exit(3)
if text == "hangs": sys.stdin.readline(); sys.exit(130)
out.mkdir(parents=True, exist_ok=True)
(out / "implant.stl").touch()
(out / "result.json").write_text(json.dumps({RESULT!r} | {{"settings": arguments["settings"], "threads": threads}}))
send(event="done", result={{}})
"""


@pytest.fixture
def skulls(tmp_path, monkeypatch):
    """A folder of skulls, reconstructed by a worker that does what their text says and logs them."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    monkeypatch.setattr(jobs, "WORKER", worker)
    folder = tmp_path / "skulls"
    folder.mkdir()

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            (folder / f"{name}.nrrd").write_text(text)
        return folder

    return write


def ran(folder):
    """Return the cases that ran since the last call."""
    log = folder / "log"
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(names)


def run(folder, out, **options):
    return run_batch(find_batch_cases(folder), out, CaseSettings(**options.pop("settings", {})), **options)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_case_that_fails_leaves_the_others_alone(skulls, tmp_path, workers):
    told = []
    rows = run(
        skulls(a="fine", b="bad", c="dies", d="whole", e="fine"),
        tmp_path / "out",
        workers=workers,
        progress=lambda *event: told.append(event),
    )
    assert [row["status"] for row in rows] == ["done", "failed", "failed", "no implant", "done"]
    assert rows[1]["message"] == "It is bad."
    assert "status 9" in rows[2]["message"]
    assert rows[3]["warnings"] == "Look at the mask."
    assert (rows[0]["dsc"], rows[0]["pieces"], rows[0]["warnings"]) == (0.9, 1, "Look closely.")
    with (tmp_path / "out" / "summary.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["case"] for row in table] == ["a", "b", "c", "d", "e"]
    assert table[4]["implant_volume_ml"] == "20.0"
    assert [row["verdict"] for row in table] == ["does not fit", "", "", "", "does not fit"]
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize(("workers", "threads"), [(1, "5"), (2, "2"), (7, "1")])
def test_the_cases_at_work_share_the_threads(skulls, tmp_path, monkeypatch, workers, threads):
    monkeypatch.setenv("CRANEXT_THREADS", "5")
    run(skulls(a="fine"), tmp_path / "out", workers=workers)
    environment = json.loads((tmp_path / "out" / "cases" / "a" / "result.json").read_text())["threads"]
    assert environment == [threads] * 3


def test_a_second_run_does_only_what_is_left(skulls, tmp_path):
    folder = skulls(a="fine", b="bad", c="whole")
    run(folder, tmp_path / "out")
    assert ran(folder) == ["a", "b", "c"]
    run(folder, tmp_path / "out")
    assert ran(folder) == ["b"]
    skulls(a="fine too")
    run(folder, tmp_path / "out")
    assert ran(folder) == ["a", "b"]
    run(folder, tmp_path / "out", settings={"postprocessing": "official"})
    assert ran(folder) == ["a", "b", "c"]
    run(folder, tmp_path / "out", settings={"postprocessing": "official"}, resume=False)
    assert ran(folder) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["bad", "dies"])
def test_a_case_that_fails_now_keeps_no_implant_of_an_earlier_run(skulls, tmp_path, text):
    folder, case = skulls(a="fine"), tmp_path / "out" / "cases" / "a"
    run(folder, tmp_path / "out")
    (case / "notes.txt").write_text("the user's")
    skulls(a=text)
    rows = run(folder, tmp_path / "out")
    assert [row["status"] for row in rows] == ["failed"]
    assert sorted(path.name for path in case.iterdir()) == ["batch.json", "notes.txt"]


def test_an_input_that_changed_while_nobody_looked_at_the_clock_is_noticed(skulls, tmp_path):
    """Neither the size nor the time of a file tells whether its voxels are the same."""
    folder = skulls(a="fine one")
    run(folder, tmp_path / "out")
    ran(folder)
    before = (folder / "a.nrrd").stat()
    skulls(a="fine two")
    os.utime(folder / "a.nrrd", ns=(before.st_atime_ns, before.st_mtime_ns))
    run(folder, tmp_path / "out")
    assert ran(folder) == ["a"]
    os.utime(folder / "a.nrrd", (0, 0))
    run(folder, tmp_path / "out")
    assert ran(folder) == []


def test_a_released_case_is_refused_only_if_it_would_be_made_anew(skulls, tmp_path):
    out = tmp_path / "out"
    folder = skulls(a="fine")
    assert run(folder, out)[0]["status"] == "done"
    released = next(out.rglob("result.json")).parent
    (released / "release.json").write_text('{"format": "cranext-release"}')
    assert run(folder, out)[0]["status"] == "done"
    before = {path.name: path.read_bytes() for path in released.iterdir()}
    skulls(a="fine but another")
    with pytest.raises(InputError, match="a was released"):
        run(folder, out)
    assert {path.name: path.read_bytes() for path in released.iterdir()} == before


def test_a_second_batch_in_the_same_folder_is_refused(skulls, tmp_path, monkeypatch):
    monkeypatch.setattr("CraNeXtLib.core.files.filling._SECONDS_TO_WAIT", 0.1)
    folder = skulls(a="fine")
    with reserved(tmp_path / "out"), pytest.raises(InputError, match="Another run is writing to"):
        run(folder, tmp_path / "out")
    assert ran(folder) == []


def test_a_stop_keeps_what_is_finished(skulls, tmp_path):
    def stop_at_b(stage, _fraction):
        if stage.startswith("b"):
            raise CancelledError("Cancelled.")

    folder = skulls(a="fine", b="hangs", c="fine")
    with pytest.raises(CancelledError):
        run(folder, tmp_path / "out", progress=stop_at_b)
    skulls(b="fine")
    ran(folder)
    rows = run(folder, tmp_path / "out")
    assert ran(folder) == ["b", "c"]
    assert {row["status"] for row in rows} == {"done"}


def test_a_table_gives_cases_settings_of_their_own(skulls, tmp_path):
    folder = skulls(x="fine", y="fine")
    table = folder / "cases.csv"
    table.write_text("case,skull,orientation,reference_implant\nfirst,x.nrrd,LPS,\nsecond,y.nrrd,,y.nrrd\n")
    run(table, tmp_path / "out", settings={"orientation": "RAS"})
    settings = [
        json.loads((tmp_path / "out" / "cases" / case / "result.json").read_text())["settings"]
        for case in ("first", "second")
    ]
    assert [s["orientation"] for s in settings] == ["LPS", "RAS"]
    assert [s["reference_implant"] for s in settings] == [None, str(folder / "y.nrrd")]


def test_a_table_chooses_the_segments_of_each_case(tmp_path):
    table = tmp_path / "cases.csv"
    table.write_text('case,skull,segment,reference_segment\na,x.nrrd,"Frontal, Occipital",2\nb,x.nrrd,,\n')
    common = CaseSettings(segment="1", reference_segment="3")
    settings = [case.settings(common) for case in find_batch_cases(table)]
    assert [(s.segment, s.reference_segment) for s in settings] == [("Frontal, Occipital", "2"), ("1", "3")]


def test_a_skull_whose_detached_data_changed_is_another_request(tmp_path):
    header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: skull.raw\n\n"
    (tmp_path / "skull.nhdr").write_text(header)
    case = BatchCase(case="a", skull=tmp_path / "skull.nhdr")
    asked = []
    for content in (b"12345678", b"12345679"):
        (tmp_path / "skull.raw").write_bytes(content)
        asked.append(asked_of(case, CaseSettings()))
    assert asked[0] != asked[1]
    assert asked[0]["settings"] == asked[1]["settings"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,skull\n", "holds no cases"),
        ("case,skull\na,\n", "line 2: the cell 'skull' is empty"),
        ("case,file\na,b\n", "no column is called 'file'"),
        ("case,skull\na,x\nA,y\n", "holds the case A twice"),
        ('case,skull\n"a\nb",x\n', r"'a\\nb' cannot be a file name"),
        (f"case,skull\n{'a' * 300},x\n", "is too long"),
        ("case,skull,case\na,x,b\n", "two columns called 'case'"),
        ("case,skull\na,x,y\n", "line 2 has more cells than the header"),
        ("case,skull\n../a,x\n", "cannot be a file name"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text, message):
    (tmp_path / "cases.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        find_batch_cases(tmp_path / "cases.csv")


def test_what_a_folder_holds(tmp_path):
    for name in ("b.nii.gz", "a.seg.nrrd", "c.mhd", "notes.txt", ".hidden.nrrd"):
        (tmp_path / name).touch()
    (tmp_path / "series").mkdir()
    assert [case.case for case in find_batch_cases(tmp_path)] == ["a", "b", "c"]
    assert [case.case for case in find_batch_cases(tmp_path, ct=True)] == ["a", "b", "c", "series"]
    with pytest.raises(InputError, match="check the path"):
        find_batch_cases(tmp_path / "absent")


def test_under_torchrun_every_process_takes_its_share(tmp_path):
    """Two processes on the CPU; what is tested is that they share the cases, not that they have GPUs."""
    pytest.importorskip("lightning")
    (tmp_path / "skulls").mkdir()
    for name in "abcde":
        (tmp_path / "skulls" / f"{name}.nrrd").touch()
    script = tmp_path / "run.py"
    script.write_text(
        "import json, os, sys\n"
        "from CraNeXtLib import cli\n"
        "from CraNeXtLib.cases.batch import predict\n"
        "from CraNeXtLib.core.errors import InputError\n"
        "def reconstruct(skull, out, settings, progress):\n"
        "    if skull.stem == 'c': raise InputError('It is bad.')\n"
        "    out.mkdir(parents=True)\n"
        f"    text = json.dumps({RESULT!r} | {{'peak_memory_mb': os.environ['RANK']}})\n"
        "    (out / 'result.json').write_text(text)\n"
        "predict.reconstruct_case = reconstruct\n"
        "sys.exit(0 if cli.main(sys.argv[1:]) == (2 if os.environ['RANK'] == '0' else 0) else 1)\n"
    )
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    command = [*launcher, "batch", str(tmp_path / "skulls"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=300)
    with (tmp_path / "out" / "summary.csv").open(newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys("abde", "done") | {"c": "failed"}
    assert [rows[name]["peak_memory_mb"] for name in "abde"] == ["0", "1", "1", "0"]
