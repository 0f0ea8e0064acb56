"""Programs that a test starts and then stops."""

import subprocess
import sys


def started(program: str, *arguments: object, says: str) -> subprocess.Popen:
    """Start a Python program, and return it as soon as it has printed a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout.readline() == f"{says}\n"
    return process
