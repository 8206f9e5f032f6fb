"""Make what others wrote safe to set in type, and write dates and numbers the report's way."""

import re
import unicodedata
from datetime import datetime

from core.wording import has_sentence, say

_FIRST_STRONG_ISOLATE = "\u2068"
_POP_ISOLATE = "\u2069"
_KEPT_FORMAT_CHARACTERS = {"\u200c", "\u200d"}
_SPACES = re.compile(r"[^\S\n]+")


def clean(text: str) -> str:
    """Return foreign text without control, direction and other invisible characters, lines kept.

    Joiners stay (Persian and Indic scripts need them); undecodable bytes become U+FFFD.
    """
    text = re.sub(r"\r\n|[\r\v\f\u0085\u2028\u2029]", "\n", text)
    kept = "".join(_clean_character(character) for character in text)
    lines = (_SPACES.sub(" ", line).strip() for line in unicodedata.normalize("NFC", kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clean_line(text: str) -> str:
    """Return foreign text cleaned, on one line."""
    return clean(text).replace("\n", " ").replace("  ", " ")


def person_name(name: str) -> str:
    """Return a name as people write it, on one line: without the carets of DICOM."""
    return clean_line(name.replace("^", " "))


def isolate(text: str) -> str:
    """Return text that keeps its own direction inside a sentence of another.

    Source: Unicode Standard Annex 9, explicit directional isolates.
    """
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if text else ""


def joined(*parts: str) -> str:
    """Return the parts that are there, each isolated, with a middle dot between."""
    return " · ".join(isolate(part) for part in parts if part)


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: a small first letter, unless it is an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def day(moment: datetime) -> str:
    """Return ``14 March 2026``."""
    return f"{moment.day} {say(f'reports.months.m{moment.month}')} {moment.year}"


def short_moment(moment: datetime) -> str:
    """Return ``14 Mar 2026 10:12``."""
    date = _held_together(f"{moment.day} {say(f'reports.months.s{moment.month}')} {moment.year}")
    return f"{date} {moment:%H:%M}"


def short_day(text: str | None) -> str:
    """Return a DICOM or ISO 8601 date as ``14 Mar 2026``, or the text as it stands where it is neither."""
    digits = re.sub(r"[^0-9]", "", text or "")
    month = digits[4:6].lstrip("0")
    if len(digits) != 8 or not has_sentence(f"reports.months.s{month}"):
        return clean_line(text or "")
    return _held_together(f"{int(digits[6:])} {say(f'reports.months.s{month}')} {int(digits[:4])}")


def short_time(text: str | None) -> str:
    """Return a DICOM or ISO 8601 time as ``10:12``, or nothing."""
    digits = re.sub(r"[^0-9]", "", (text or "").split(".")[0])
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 else ""


def score(probability: float) -> str:
    """Return 0..1 as a score from 0 to 100, without a percent sign."""
    return f"{100 * probability:.0f}"


def scores_apart(first: float, second: float) -> tuple[str, str]:
    """Return two scores, with as many decimals as it takes to see that they differ."""
    for decimals in range(4):
        pair = f"{100 * first:.{decimals}f}", f"{100 * second:.{decimals}f}"
        if pair[0] != pair[1] or first == second:
            break
    return pair


def number(value: float) -> str:
    """Return a number with at most three significant places after the point and no needless zeros."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _held_together(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _clean_character(character: str) -> str:
    if character == "\n" or character in _KEPT_FORMAT_CHARACTERS:
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Cf"}:
        return " " if character == "\t" else ""
    if category in {"Cs", "Co", "Cn"}:
        return "\ufffd"
    return " " if category == "Zs" else character
