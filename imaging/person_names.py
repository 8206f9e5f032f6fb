"""Writes DICOM person names as people write them: family name first, no carets.

Source: DICOM PS3.5 section 6.2.1 (PN).
"""

from collections.abc import Sequence

from imaging.charsets import decode_text

_DELIMITERS = b"\\^=\r\n\f\t"


def read_person_name(raw: bytes, character_sets: Sequence[str] = ()) -> str | None:
    """Return the first name in ``raw`` for display; None where it is empty."""
    return show_person_name(decode_text(raw, character_sets, _DELIMITERS))


def show_person_name(name: str) -> str | None:
    """Return ``name`` (with ``^`` and ``=``) for display: alphabetic first, other spellings in brackets."""
    groups = name.partition("\\")[0].split("=")[:3]
    shown = [text for text in (_group(group, comma=index == 0) for index, group in enumerate(groups)) if text]
    distinct = list(dict.fromkeys(shown))
    if not distinct:
        return None
    return distinct[0] + (f" ({', '.join(distinct[1:])})" if distinct[1:] else "")


def _group(group: str, *, comma: bool) -> str:
    """Join family, given, middle, prefix and suffix of one spelling."""
    parts = [" ".join(_printable(part).split()) for part in group.split("^")]
    family, given, middle, prefix, suffix = (*parts, "", "", "", "", "")[:5]
    further = " ".join(part for part in (prefix, given, middle) if part)
    if not comma:
        return " ".join(part for part in (family, further, suffix) if part)
    return ", ".join(part for part in (family, further, suffix) if part)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
