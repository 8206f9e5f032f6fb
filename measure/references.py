"""Ranges of reference for measured numbers, where sex and age are known and a table is at hand."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

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


@cache
def _table() -> tuple[dict[str, Any], ...]:
    text = Path(__file__).with_name("references.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["reference"])
