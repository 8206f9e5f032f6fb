"""Whether a record of an earlier run is whole: a power cut may leave files empty, cut or never written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LARGEST_RECORD_BYTES = 64 << 20
_TAIL_BYTES = 1024
_ENDINGS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".pdf": b"%%EOF"}
"""What stands at the end of a file that was written whole, by its suffix."""


def is_whole(file: Path, record: dict[str, Any]) -> bool:
    """Return whether ``file`` holds the ``record`` of its line, and what it names lies whole beside it."""
    try:
        if file.stat().st_size > _LARGEST_RECORD_BYTES or json.loads(file.read_bytes()) != record:
            return False
        return all(_has_its_end(file.parent, name) for name in _files(record))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _files(record: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the files that a record speaks of."""
    if record.get("report") is not None:
        yield record["report"]
    for entry in record["results"]:
        for drawn in (*entry["masks"], *entry["heatmaps"]):
            yield from (drawn[key] for key in ("file", "overlay") if drawn[key] is not None)


def _has_its_end(folder: Path, name: str) -> bool:
    ending = _ENDINGS[Path(name).suffix]
    with (folder / name).open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        return ending in stream.read()
