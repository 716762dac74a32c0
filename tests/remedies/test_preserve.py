from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from remedies.state.preserve import scratch


def test_whatever_is_left_in_the_temporary_folder_goes(tmp_path: Path) -> None:
    before = tempfile.tempdir
    with pytest.raises(KeyError), scratch():
        left = Path(tempfile.mkdtemp())
        (left / "half").write_bytes(b"x")
        raise KeyError
    assert not left.parent.exists()
    assert tempfile.tempdir == before


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(28, "No space left on device"), tempfile.gettempdir()),
        (OSError(28, "No space left on device", "/mine"), "/mine"),
    ],
)
def test_error_of_the_disk_names_a_place(error: OSError, named: str) -> None:
    with pytest.raises(OSError, match="No space left") as raised, scratch():
        raise error
    assert (raised.value.errno, raised.value.filename) == (28, named)
