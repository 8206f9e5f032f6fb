"""Reads dates, ages and sexes as they are found, not only as the standard writes them."""

import re
from datetime import date

from core.patient import Sex

_DAYS_PER_YEAR = 365.25
_AGE = re.compile(r"^\s*(\d{1,5}(?:[.,]\d+)?)\s*([YMWD]?)(?:EARS?|RS?|ONTHS?|EEKS?|AYS?)?\s*$", re.IGNORECASE)
_AGE_UNIT_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / _DAYS_PER_YEAR, "D": 1 / _DAYS_PER_YEAR}
_OLDEST_YEARS = 130.0
_YEAR_FIRST = re.compile(r"^\s*(\d{4})[-./ ]?(\d{2})[-./ ]?(\d{2})")
_DAY_FIRST = re.compile(r"^\s*(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})\s*$")
_TIME = re.compile(r"^\s*(\d{2}):?(\d{2})?:?(\d{2})?(\.\d+)?")
_SEXES: dict[str, Sex] = {"F": "F", "FEMALE": "F", "W": "F", "M": "M", "MALE": "M", "O": "O", "OTHER": "O"}


def read_age_years(text: str) -> float | None:
    """Return an age in years from ``081Y``, ``006M``, ``010W``, ``020D`` or a bare number of years.

    Source: DICOM PS3.5 section 6.2 (AS).
    """
    match = _AGE.match(text)
    if match is None:
        return None
    years = float(match.group(1).replace(",", ".")) * _AGE_UNIT_YEARS[match.group(2).upper() or "Y"]
    return round(years, 3) if 0 <= years <= _OLDEST_YEARS else None


def read_date(text: str) -> str | None:
    """Return an ISO 8601 date; a day-first date only where day and month cannot be confused."""
    match = _YEAR_FIRST.match(text)
    if match:
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    match = _DAY_FIRST.match(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    if first == second or first > 12:
        return _iso(year, second, first)
    return _iso(year, first, second) if second > 12 else None


def read_time(text: str) -> str | None:
    """Return ``HH:MM:SS`` from a DICOM time, None where it is not one."""
    match = _TIME.match(text)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    return (
        f"{hour:02d}:{minute:02d}:{min(second, 59):02d}"
        if hour < 24 and minute < 60 and second <= 60
        else None
    )


def read_sex(text: str) -> Sex | None:
    """Return F, M or O; None where it is empty or something else."""
    return _SEXES.get(text.strip().upper())


def age_between(birth: str, day: str) -> float | None:
    """Return the years between two ISO dates; None where they cannot be an age."""
    years = (date.fromisoformat(day) - date.fromisoformat(birth)).days / _DAYS_PER_YEAR
    return round(years, 3) if 0 <= years <= _OLDEST_YEARS else None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat() if year >= 1800 else None
    except ValueError:
        return None
