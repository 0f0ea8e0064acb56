"""The command's contract: help, exit status, one line of error, and nothing half-written."""

import subprocess
import sys

import pytest

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.cli.command import COMMANDS
from CraNeXtLib.cli.progress_printer import ProgressPrinter
from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["reconstruct"],
        ["reconstruct", "a.nrrd"],
        ["reconstruct", "a.nrrd", "--out", "x", "--device", "abacus"],
        ["reconstruct", str(SKULL), "--out", "x", "--model", "nonsense"],
        ["reconstruct", str(SKULL), "--out", "x", "--orientation", "RRR"],
        ["reconstruct", str(SKULL), "--out", "x", "--segment", "Femur"],
        ["models", "info", "nonsense"],
        ["models", "import", "missing.pth"],
        ["reconstruct", str(SKULL), "--out", ""],
        ["models", "export", "pca_skull", ""],
        ["defects", str(SKULL), "--kind", "random-1", "--out", "x", "--count", "0"],
        ["defects", str(SKULL), "--kind", "random-1", "--out", "x", "--count", "10001"],
        ["dataset", "bend", "m.csv", "--out", "x", "--seed", "-1"],
        ["dataset", "make", ".", "--out", "m.csv", "--seed", "1.5"],
        ["dataset", "make", ".", "--out", "m.csv", "--seed", "4294967296"],
    ],
)
def test_bad_usage(run, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    status, printed, error = run(*arguments)
    assert (status, printed) == (2, "")
    assert error.splitlines()[-1].startswith("cranext: error: ")
    assert list(tmp_path.iterdir()) == []


def test_every_command_is_in_the_help(run, capsys):
    with pytest.raises(SystemExit):
        run("--help")
    printed = capsys.readouterr().out
    assert RESEARCH_USE_NOTICE in " ".join(printed.split())
    listed = [
        line.split()[0]
        for line in printed.split("COMMAND\n")[1].splitlines()
        if line.startswith("    ") and line[4] != " "
    ]
    assert [name for name in listed if name != "check"] == [*COMMANDS]  # release declares check, too


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_says_what_it_does_and_that_it_is_for_research(run, capsys, name):
    with pytest.raises(SystemExit) as ended:
        run(name, "--help")
    assert ended.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith(f"usage: cranext {name} ")
    assert RESEARCH_USE_NOTICE in printed


def test_help_imports_no_library():
    """No option's choice or default is worth waiting for NumPy."""
    program = f"""
import sys
from CraNeXtLib.cli import main
for name in {[*COMMANDS]}:
    try:
        main([name, "--help"])
    except SystemExit:
        pass
print(sorted({{"numpy", "scipy", "torch", "vtk", "nibabel", "yaml"}} & {{*sys.modules}}))
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "usage: cranext doctor" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "[]"


def test_progress_is_one_line_per_stage_where_there_is_no_terminal(capsys):
    progress = ProgressPrinter()
    for stage, fraction in (("Reading", 0.0), ("Reading", 0.5), ("Writing", 0.9)):
        progress(stage, fraction)
    progress.end()
    assert capsys.readouterr().err.splitlines() == ["  0%  Reading", " 90%  Writing"]


def test_progress_is_one_updated_line_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = ProgressPrinter()
    progress("Reading", 0.0)
    progress("Reading", 0.5)
    progress.end()
    assert capsys.readouterr().err == "\r\033[K  0%  Reading\r\033[K 50%  Reading\r\033[K"


def test_a_missing_package_is_bad_usage_that_names_the_extra(run, monkeypatch):
    def lacking(*_arguments):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("CraNeXtLib.cli.commands.doctor._run", lacking)
    status, printed, error = run("doctor")
    assert (status, printed) == (2, "")
    assert error == "cranext: error: This needs torch, which is not installed; run: pip install 'cranext[torch]'\n"


def test_a_missing_module_of_our_own_is_a_bug(run, monkeypatch):
    def lacking(*_arguments):
        raise ModuleNotFoundError("No module named 'CraNeXtLib.nonsense'", name="CraNeXtLib.nonsense")

    monkeypatch.setattr("CraNeXtLib.cli.commands.doctor._run", lacking)
    with pytest.raises(ModuleNotFoundError):
        run("doctor")


def test_a_cancelled_command_ends_with_130(run, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("CraNeXtLib.cli.commands.doctor._run", interrupted)
    status, printed, error = run("doctor")
    assert (status, printed, error) == (130, "", "cranext: cancelled\n")
