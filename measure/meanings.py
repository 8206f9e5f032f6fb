"""What a measured number lies in, after a guideline, where the table has a sentence for it."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any


def meaning_of(
    code: str, value: float, interval: tuple[float, float], age_years: float | None, day: date
) -> str:
    """Return the sentence for a number and its interval (in its unit); empty where the table has none.

    The number counts as it is written, in whole units; an interval that reaches beyond the range is told. A
    sentence holds from its least age on, which must be known, and until its edition expires.
    """
    whole, ends = round(value), (round(interval[0]), round(interval[1]))
    for row in _table():
        low, high = row.get("lowest", float("-inf")), row.get("highest", float("inf"))
        grown = age_years is not None and age_years >= row["minimum_age"]
        if row["code"] == code and low <= whole <= high and grown and day <= row["expires"]:
            said = f"{row['sentence']} ({row['source']})"
            return said if low <= ends[0] and ends[1] <= high else f"{said} {row['unsure']}"
    return ""


@cache
def _table() -> tuple[dict[str, Any], ...]:
    text = Path(__file__).with_name("meanings.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["meaning"])
