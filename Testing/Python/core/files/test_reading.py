"""Only regular files are opened, and streams are read to their end."""

import gzip
import io
import os

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, check_end, decompressed, file_size, fill, opened


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.nrrd")
    with pytest.raises(InputError, match="a pipe or a device"), opened(tmp_path / "pipe.nrrd"):
        pass


@pytest.mark.parametrize("name", ["none", "a\0b", "x" * 5000, "a/" * 3000])
def test_names_that_no_file_has_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="There is no file") as caught:
        file_size(tmp_path / name)
    assert len(str(caught.value)) < 400


def test_a_stream_must_be_as_long_as_expected():
    content = gzip.compress(bytes(range(10)))
    buffer = bytearray(10)
    stream = decompressed(io.BytesIO(content), "gzip")
    fill(stream, memoryview(buffer))
    check_end(stream)
    assert buffer == bytes(range(10))
    for size in (9, 11):
        with pytest.raises(DamagedError):
            stream = decompressed(io.BytesIO(content), "gzip")
            fill(stream, memoryview(bytearray(size)))
            check_end(stream)
