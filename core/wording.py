"""The one table of sentences that a reader sees outside the window's own labels.

The sentences lie in ``core/wording/<language>/<room>.toml``; a key is ``room.section.name``.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT_LANGUAGE = "en"
_FOLDER = Path(__file__).with_name("wording")


def say(key: str, /, language: str = DEFAULT_LANGUAGE, **values: object) -> str:
    """Return the sentence named ``key`` with ``{placeholders}`` filled from ``values``.

    Raises:
        KeyError: no such sentence, or a placeholder was not given.
    """
    entry: Any = _table(language)
    for part in key.split("."):
        entry = entry[part]
    if not isinstance(entry, str):
        raise KeyError(key)
    return entry.format(**values) if values else entry


def has_sentence(key: str, /, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the table has a sentence of that name."""
    try:
        say(key, language)
    except KeyError:
        return False
    return True


def section(key: str, /, language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """Return the names of the sentences in a section, in the order in which they stand there."""
    entry: Any = _table(language)
    for part in key.split("."):
        entry = entry[part]
    return tuple(entry)


@cache
def _table(language: str) -> dict[str, Any]:
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted((_FOLDER / language).glob("*.toml"))
    }
