"""One number limits the threads of all libraries, and it is what the machine really has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import REPOSITORY

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.threads import available_cores, set_threads, share, thread_count, thread_variables


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Give the test an environment of its own without any setting."""
    values = {name: value for name, value in os.environ.items() if name not in thread_variables(1)}
    monkeypatch.setattr(os, "environ", values)
    return values


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n"}, 3),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "10000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "6400000 100000\n"}, 8),
        (  # the job of a scheduler: the limit of a group above counts, too
            {
                "proc/self/cgroup": "0::/slurm/job_7/task_0\n",
                "sys/fs/cgroup/slurm/job_7/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/slurm/job_7/task_0/cpu.max": "max 100000\n",
            },
            4,
        ),
        (  # version 1, in a container that sees its own group as the top
            {
                "proc/self/cgroup": "5:cpuset:/docker/ab\n4:cpu,cpuacct:/docker/ab\n0::/docker/ab\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (  # of other controllers' groups, none limits the time
            {
                "proc/self/cgroup": "5:cpuset:/b\n4:cpu:/a\n",
                "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/b/cpu.cfs_quota_us": "100000\n",
                "sys/fs/cgroup/cpu/b/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": "4:cpuacct,cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
    ],
)
def test_cores_are_those_that_affinity_and_cgroup_allow(tmp_path, files, cores):
    assert available_cores(write(tmp_path, files)) == cores


def test_affinity_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert available_cores(tmp_path) == 1
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_cores(tmp_path) == 6


def test_the_setting_beats_that_of_openmp_which_beats_the_cores(environment, monkeypatch):
    monkeypatch.setattr("CraNeXtLib.core.runtime.threads.available_cores", lambda: 8)
    assert (thread_count(), share(3), share(9)) == (8, 2, 1)
    environment["OMP_NUM_THREADS"] = "0"
    assert thread_count() == 8
    environment["OMP_NUM_THREADS"] = "6,2"
    assert thread_count() == 6
    environment["CRANEXT_THREADS"] = "4"
    assert (thread_count(), share(2)) == (4, 2)
    environment["CRANEXT_THREADS"] = "many"
    with pytest.raises(InputError, match="CRANEXT_THREADS must be a number of threads, not 'many'"):
        thread_count()


def test_by_default_what_the_user_has_set_stays(environment):
    environment |= {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "active"}
    set_threads()
    assert (environment["OMP_NUM_THREADS"], environment["OPENBLAS_NUM_THREADS"]) == ("3", "1")
    assert (environment["VTK_SMP_MAX_THREADS"], environment["OMP_WAIT_POLICY"]) == ("3", "active")
    assert environment.items() >= {"KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}.items()


@pytest.mark.parametrize("count", [2, None])
def test_a_chosen_number_beats_what_the_user_has_set_for_a_library(environment, count):
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "active"}
    environment |= {} if count else {"CRANEXT_THREADS": "2"}
    set_threads(count)
    libraries = ("OMP", "OPENBLAS", "MKL")
    assert [environment[f"{name}_NUM_THREADS"] for name in libraries] == ["2"] * 3
    assert environment["OMP_WAIT_POLICY"] == "passive"
    assert thread_count() == 2


@pytest.mark.parametrize("count", [0, -1, 1025])
def test_other_numbers_are_refused(count):
    with pytest.raises(InputError, match="must lie between 1 and 1024"):
        set_threads(count)


@pytest.mark.parametrize("option", [["--threads", "1"], []])
def test_a_command_limits_numpy_and_vtk_before_they_are_imported(option):
    """The libraries themselves say how many threads they use; ``doctor`` stands for every command."""
    program = f"""
import json, sys
from CraNeXtLib.cli.command import main
from CraNeXtLib.cli.commands import doctor

def run(options, progress):
    import numpy
    from vtkmodules.vtkCommonCore import vtkSMPTools
    from threadpoolctl import threadpool_info
    pools = [pool["num_threads"] for pool in threadpool_info()]
    print(json.dumps({{"pools": pools, "vtk": vtkSMPTools.GetEstimatedNumberOfThreads()}}))

doctor._run = run
sys.exit(main(["doctor", *{option}]))
"""
    environment = dict(os.environ) | {"PYTHONPATH": str(REPOSITORY)} | ({} if option else {"CRANEXT_THREADS": "1"})
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    ).stdout
    found = json.loads(printed)
    assert set(found["pools"]) == {1}
    assert found["vtk"] == 1
