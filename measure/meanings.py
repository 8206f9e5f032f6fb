"""What a measured number lies in, after a guideline, where the table has a sentence for it."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any


def meaning_of(code: str, value: float, age_years: float | None, day: date) -> str:
    """Return the sentence for a number (in its unit) with its guideline; empty where the table has none.

    The number counts as it is written, in whole units. A sentence holds from its least age on, where the age
    is known, and until its edition expires.
    """
    whole = round(value)
    for row in _table():
        in_range = row.get("lowest", float("-inf")) <= whole <= row.get("highest", float("inf"))
        grown = age_years is None or age_years >= row["minimum_age"]
        if row["code"] == code and in_range and grown and day <= row["expires"]:
            return f"{row['sentence']} ({row['source']})"
    return ""


@cache
def _table() -> tuple[dict[str, Any], ...]:
    text = Path(__file__).with_name("meanings.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["meaning"])
