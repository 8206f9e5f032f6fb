"""Natural order of names: ``IM2`` before ``IM10``."""

import re

_DIGITS = re.compile(r"(\d+)")

NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Return a key that sorts ``name`` as people do, with the plain name as the last word."""
    parts: list[tuple[int, int, str]] = []
    for part in _DIGITS.split(name.casefold()):
        if part.isdecimal():
            parts.append((0, int(part) if len(part) < 4000 else 0, part))
        elif part:
            parts.append((1, 0, part))
    return tuple(parts), name
