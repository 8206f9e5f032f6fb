"""Ranges of reference for measured numbers, where sex and age are known and a table is at hand."""

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.result import Reference


def reference_for(code: str, sex: str | None, age_years: float | None) -> Reference | None:
    """Return the range of a number for a person; None where sex or age is unknown or outside the table."""
    if sex is None or age_years is None:
        return None
    for row in _table():
        if row["code"] == code and sex in row and row["minimum_age"] <= age_years <= row["maximum_age"]:
            low, high = row[sex]
            return Reference(low=float(low), high=float(high), source=str(row["source"]))
    return None


Absent = Literal["outside", "age_not_known", "sex_not_known", "sex_other"]


def absent_for(code: str, sex: str | None, age_years: float | None) -> tuple[Absent, int, int] | None:
    """Return why a number that has ranges has none for a person, and the completed years that they are for.

    None where there is one, and where nobody has any.
    """
    rows = [row for row in _table() if row["code"] == code]
    if not rows or reference_for(code, sex, age_years) is not None:
        return None
    first = math.floor(min(row["minimum_age"] for row in rows))
    last = math.floor(max(row["maximum_age"] for row in rows))
    why: Absent = "sex_other" if sex is not None else "sex_not_known"
    if age_years is None:
        why = "age_not_known"
    elif not any(row["minimum_age"] <= age_years <= row["maximum_age"] for row in rows):
        why = "outside"
    return why, first, last


@cache
def _table() -> tuple[dict[str, Any], ...]:
    text = Path(__file__).with_name("references.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["reference"])
