"""The commit that is published: the tree of a tag, no history, small enough for the Extensions Index."""

import os
import shutil
import subprocess

import pytest
from repository import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def development(tmp_path):
    """A repository whose history holds a large file that its tag no longer has."""
    repository = tmp_path / "development"
    repository.mkdir()
    git(repository, "init", "--quiet")
    git(repository, "config", "core.compression", "0")  # random bytes are only work for Git
    git(repository, "config", "core.bigFileThreshold", "1m")
    for content in (os.urandom(2_000_000), b"small"):
        (repository / "weights").write_bytes(content)
        git(repository, "add", "weights")
        git(repository, "commit", "--quiet", "--message", "Weights")
    git(repository, "tag", "v1.0")
    return repository


def test_a_release_has_the_tags_tree_and_no_history(development):
    process = release(development, "v1.0")
    assert process.returncode == 0, process.stderr
    assert git(development, "rev-list", "--count", "release-v1.0") == "1"
    assert git(development, "rev-parse", "release-v1.0^{tree}") == git(development, "rev-parse", "v1.0^{tree}")
    assert "git push --force public release-v1.0:main" in process.stdout
    assert git(development, "rev-list", "--objects", "--count", "release-v1.0") == "3"  # commit, tree and small file


def test_a_release_that_is_too_large_is_refused(development):
    (development / "weights").write_bytes(os.urandom(61_000_000))
    git(development, "commit", "--quiet", "--all", "--message", "Large")
    git(development, "tag", "v2.0")
    process = release(development, "v2.0")
    assert process.returncode == 1
    assert "60 and 90 are the limits" in process.stderr
    assert git(development, "branch", "--list", "release-v2.0") == ""


def test_an_unknown_tag_is_named(development):
    process = release(development, "v9")
    assert (process.returncode, process.stderr) == (2, "There is no tag 'v9'; make it first: git tag v9\n")


def test_this_work_tree_can_be_released():
    files = git(REPOSITORY, "ls-files").splitlines()
    assert sum((REPOSITORY / file).stat().st_size for file in files if (REPOSITORY / file).exists()) < 50e6


def release(repository, tag):
    return subprocess.run(
        [REPOSITORY / ".ci" / "release", tag], cwd=repository, env=IDENTITY, capture_output=True, text=True, check=False
    )


def git(repository, *arguments):
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=repository, env=IDENTITY, capture_output=True, text=True, check=True
    ).stdout.strip()


IDENTITY = os.environ | {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "A Developer"), ("EMAIL", "developer@example.org"))
}
