"""What a pack's card tells of its smaller model, as ``packs evaluate`` wrote it there."""

import re
from pathlib import Path

_CARD = "card.md"
_LONGEST = 1 << 20
_ROW = re.compile(
    r"\|\s*(?P<label>[^|]+?)\s*\|\s*int8\s*\|(?:[^|]*\|){0,6}?\s*(?P<percent>\d+(?:\.\d+)?)\s?%\s*\|\s*$"
)


def int8_other_sides(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return (label, percent) of the images that change sides of the threshold in INT8; () where untold."""
    try:
        with (folder / _CARD).open(encoding="utf-8", errors="replace") as stream:
            lines = stream.read(_LONGEST).splitlines()
    except OSError:
        return ()
    found = (_ROW.match(line) for line in lines)
    return tuple((one["label"], f"{float(one['percent']):g} %") for one in found if one is not None)
