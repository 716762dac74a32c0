"""An artifact of a workflow run, fetched and unpacked in memory: nothing of it touches the disk."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from reports.github.api import GitHub
from reports.github.verdict import MOST_BYTES, HostileError

MEMBER = "verdict.json"
_NAME = re.compile(r"verdict-(?P<device>cpu|gpu)-(?P<pull>[1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Claim:
    """What an artifact says of itself.

    Attributes
    ----------
    device : str
        ``cpu`` or ``gpu``.
    pull : int
        The pull request that it claims to be about.
    data : bytes
        Its one file.
    """

    device: str
    pull: int
    data: bytes


def fetch(github: GitHub, run: int) -> Claim | None:
    """Return the verdict that workflow run `run` left, or None where it left none.

    Raises
    ------
    HostileError
        For two of them, and for one that is too large or holds anything but ``verdict.json``.
    """
    found = []
    for artifact in github.call("GET", f"actions/runs/{run}/artifacts?per_page=100")["artifacts"]:
        match = _NAME.fullmatch(str(artifact["name"]))
        if match and not artifact["expired"]:
            found.append((artifact, match))
    if not found:
        return None
    if len(found) > 1:
        raise HostileError("the run left more than one verdict")
    artifact, match = found[0]
    if artifact["size_in_bytes"] > MOST_BYTES:
        raise HostileError(f"the artifact is over {MOST_BYTES} bytes")
    packed = github.download(f"actions/artifacts/{int(artifact['id'])}/zip", MOST_BYTES)
    return Claim(match["device"], int(match["pull"]), unpack(packed))


def unpack(packed: bytes) -> bytes:
    """Return the one file in a zip archive; it is read only as far as it may go.

    Raises
    ------
    HostileError
        Where it holds anything else, or that file is over 1 MiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if archive.namelist() != [MEMBER]:
                raise HostileError(f"the artifact must hold {MEMBER} and nothing else")
            with archive.open(MEMBER) as member:
                data = member.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        if isinstance(error, HostileError):
            raise
        raise HostileError("the artifact is no readable zip archive") from None
    if len(data) > MOST_BYTES:
        raise HostileError(f"{MEMBER} unpacks to over {MOST_BYTES} bytes")
    return data
