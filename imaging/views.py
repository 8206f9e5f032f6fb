"""Names views, body parts and sides in one way, however a machine wrote them; unknown is None."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[A-Z]+")


def view_from(
    *,
    position: str | None = None,
    code_meanings: Sequence[str] = (),
    orientation: str | None = None,
    description: str | None = None,
) -> str | None:
    """Return AP, PA, LL, RL, LLD, CC, MLO ... from the most trustworthy source that says it.

    Source: DICOM PS3.3 C.8.4.1 and C.8.7.1.1.3 (View Position), CID 4010 (view codes).
    """
    if position:
        return _view_named(position) or _code_word(position)
    for meaning in code_meanings:
        found = _view_named(meaning)
        if found:
            return found
    return _view_in_words(description) if description else None


def body_part_from(examined: str | None, region_meanings: Sequence[str] = ()) -> str | None:
    """Return the body part in capitals, as in Body Part Examined."""
    for name in (examined, *region_meanings):
        if name and (upper := " ".join(re.sub(r"[^A-Z0-9]+", " ", name.upper()).split())):
            return _tables()["body_parts"].get(upper, upper)
    return None


def laterality_from(written: str | None) -> str | None:
    """Return L, R or B; None where it says none of them."""
    return {"L": "L", "LEFT": "L", "R": "R", "RIGHT": "R", "B": "B", "BOTH": "B"}.get(
        (written or "").strip().upper()
    )


def _view_named(name: str) -> str | None:
    return _tables()["views"].get(" ".join(_WORD.findall(name.upper())))


def _code_word(position: str) -> str | None:
    upper = position.strip().upper()
    return upper if upper.isalnum() and len(upper) <= 8 else None


def _view_in_words(description: str) -> str | None:
    """Return a view that a description names as a word of its own, None where it names several."""
    words = _WORD.findall(description.upper())
    table = _tables()["description_words"]
    found = {table[word] for word in words if word in table}
    return found.pop() if len(found) == 1 else None


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("views.toml").read_text(encoding="utf-8"))
