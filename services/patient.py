"""Join what the header, a person and a patient file say of one patient."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.clock import SystemClock
from core.errors import PatientFileError
from core.form import PREGNANCY, says_pregnant
from core.patient import Contradiction, Patient, Sourced
from services.version import BUILD_DATE

_Further = Sourced[float | str | bool]
_LARGEST_FILE_BYTES = 1_000_000
_LIMITS = {"age_years": (0.0, 130.0), "height_cm": (20.0, 260.0), "weight_kg": (0.2, 500.0)}
_SAME_AGE_WITHIN_YEARS = 1.0
_CHILDBEARING = (10.0, 56.0)
"""Ages in years, the first and the first that is not, outside of which a pregnancy is asked about."""
_IDENTITY = ("name", "id", "sex", "age_years", "birth_date")
_FIELDS = ("name", "id", "sex", "birth_date", "age_years", "height_cm", "weight_kg")


def read_patient_file(path: Path) -> Patient:
    """Return what a patient file says, each value with the source ``file``.

    Raises:
        PatientFileError: it is not JSON, or the named field is not what it must be.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise PatientFileError("the file is too large to be a patient file")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PatientFileError("the file cannot be read", kind=type(error).__name__) from error
    except (ValueError, RecursionError) as error:
        raise PatientFileError("the file is not JSON") from error
    if not isinstance(content, dict):
        raise PatientFileError("the file is not a JSON object")
    return patient_from_mapping(content)


def patient_from_mapping(content: Mapping[str, Any]) -> Patient:
    """Return the patient that a mapping of plain values describes; null and absent are unknown.

    Raises:
        PatientFileError: the named field is not what it must be.
    """
    known: dict[str, Any] = {}
    further: dict[str, _Further] = {}
    for key, value in content.items():
        if value is None:
            continue
        if key in _CHECKS:
            known[key] = Sourced(value=_CHECKS[key](key, value), source="file")
        else:
            further[key] = Sourced(value=_further(key, value), source="file")
    return Patient(**known, further=MappingProxyType(further))


def merge(header: Patient, given: Patient | None, *, day: str | None = None) -> Patient:
    """Return one patient: what was given wins over the header, and a contradiction is recorded.

    A pregnancy counts whoever says it: models and ranges that were not made for pregnant women stay away.
    ``day`` is the date of the examination where the header gives it: a birth date that was given without an
    age makes the age on that day.
    """
    if given is None:
        return _with_pregnancy_doubted(header)
    given = _with_age(given, header, day)
    values: dict[str, Any] = {}
    contradictions = list(header.contradictions)
    for name in _FIELDS:
        ours, theirs = getattr(given, name), getattr(header, name)
        values[name] = ours or theirs
        if ours and theirs and not _agree(name, ours.value, theirs.value):
            contradictions.append(_contradiction(name, ours, theirs))
    further = {**header.further, **given.further}
    for code in header.further.keys() & given.further.keys():
        used, other = _of_two(code, given.further[code], header.further[code])
        further[code] = used
        if _in_words(code, used) != _in_words(code, other):
            contradictions.append(_contradiction(code, used, other))
    whole = replace(header, **values, further=MappingProxyType(further), contradictions=tuple(contradictions))
    return _with_pregnancy_doubted(whole)


def _with_pregnancy_doubted(patient: Patient) -> Patient:
    """Add what speaks against a pregnancy that is given: it is asked about, and blocks nothing."""
    given, sex, age = patient.further.get(PREGNANCY), patient.sex, patient.age_years
    if given is None or not says_pregnant(given.value):
        return patient
    if sex is not None and sex.value == "M":
        doubt = _contradiction(PREGNANCY, given, sex, other_field="sex")
    elif age is not None and not _CHILDBEARING[0] <= age.value < _CHILDBEARING[1]:
        doubt = _contradiction(PREGNANCY, given, age, other_field="age_years")
    else:
        return patient
    kept = tuple(one for one in patient.contradictions if one != doubt)
    return replace(patient, contradictions=(*kept, doubt))


def identity_doubts(fields: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return in which of the facts that say whose an image is two sources disagree, each once.

    ``fields`` are field, source used and other source of each contradiction.
    """
    known = {field for field, used, other in fields if used != other}
    return tuple(field for field in _IDENTITY if field in known)


def _of_two(code: str, ours: _Further, theirs: _Further) -> tuple[_Further, _Further]:
    """Return the value that is used and the other one."""
    if code == PREGNANCY and says_pregnant(theirs.value) and not says_pregnant(ours.value):
        return theirs, ours
    return ours, theirs


def _contradiction(
    field: str, used: Sourced[Any], other: Sourced[Any], *, other_field: str = ""
) -> Contradiction:
    return Contradiction(
        field=field,
        used=_in_words(field, used),
        used_source=used.source,
        other=_in_words(other_field or field, other),
        other_source=other.source,
        other_field=other_field,
    )


def _in_words(field: str, one: Sourced[Any]) -> str:
    if field == PREGNANCY:
        return "yes" if says_pregnant(one.value) else "no"
    return str(one.value)


def day_typed(text: str) -> str:
    """Return a date that somebody typed as ISO writes it, so that one day is one text; else the text."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return text.strip()


def is_in_the_future(birth_date: str) -> bool:
    """Return whether an ISO date lies after today; never where the computer's clock cannot be right."""
    today = SystemClock().now().date()
    tomorrow = today + timedelta(days=1)  # it may be tomorrow already where it was written
    return today >= date.fromisoformat(BUILD_DATE) and date.fromisoformat(birth_date) > tomorrow


def age_disagrees(birth_date: str, age_years: float, *, day: str | None) -> bool:
    """Return whether an age cannot be that of somebody born then, on the day of the examination or today."""
    from imaging.lenient import age_between

    day = day or _today()
    if day is None:
        return False
    years = age_between(birth_date, day)
    return years is None or not _agree("age_years", age_years, years)


def age_now(birth_date: str) -> float | None:
    """Return the age in years today; None where the computer's clock cannot be right."""
    from imaging.lenient import age_between

    day = _today()
    return None if day is None else age_between(birth_date, day)


def with_age_today(patient: Patient) -> Patient:
    """Return a patient with the age that the birth date makes today, where no examination has a date."""
    born = patient.birth_date
    if born is None or patient.age_years is not None:
        return patient
    years = age_now(born.value)
    return patient if years is None else replace(patient, age_years=Sourced(value=years, source=born.source))


def _today() -> str | None:
    today = SystemClock().now().date().isoformat()
    return today if today >= BUILD_DATE else None


def same_person(one: Patient, other: Patient) -> bool:
    """Return whether two records speak of one patient, as far as both know number, name and birth date."""
    compared = 0
    for name in ("id", "name", "birth_date"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours and theirs:
            compared += 1
            if not _agree(name, ours.value, theirs.value):
                return False
    return compared > 0


def identity_differs(one: Patient, other: Patient) -> bool:
    """Return whether two records contradict one another in a number, name or birth date that both know."""
    return any(
        ours is not None and theirs is not None and not _agree(name, ours.value, theirs.value)
        for name in ("id", "name", "birth_date")
        for ours, theirs in ((getattr(one, name), getattr(other, name)),)
    )


def same_id(one: Patient, other: Patient) -> bool:
    """Return whether two records have one number."""
    return one.id is not None and other.id is not None and _agree("id", one.id.value, other.id.value)


def id_key(number: str) -> str:
    """Return a number as it is compared with others."""
    return number.strip().casefold()


def name_key(name: str) -> str:
    """Return a name as it is compared with others: its parts in any order, however they are separated."""
    return " ".join(sorted(part.casefold() for part in name.replace("^", " ").replace(",", " ").split()))


def _with_age(given: Patient, header: Patient, day: str | None) -> Patient:
    from imaging.lenient import age_between

    born, said = given.birth_date, header.age_years
    if born is None or given.age_years is not None:
        return given
    if said and header.birth_date and _agree("birth_date", born.value, header.birth_date.value):
        return given
    years = age_between(born.value, day) if day else age_now(born.value)
    if day is None and (said is None or years is None or said.value <= years + _SAME_AGE_WITHIN_YEARS):
        return given  # the examination may be years ago, but nobody was older then than now
    return given if years is None else replace(given, age_years=Sourced(value=years, source=born.source))


def _agree(name: str, ours: Any, theirs: Any) -> bool:
    if name == "age_years":
        return abs(float(ours) - float(theirs)) <= _SAME_AGE_WITHIN_YEARS
    if isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=0.01)
    if name == "name":
        return name_key(ours) == name_key(theirs)
    return id_key(str(ours)) == id_key(str(theirs))


def _text(key: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and key == "id":
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise PatientFileError(f"field {key}: text is expected", field=key)
    return value.strip()


def _sex(key: str, value: Any) -> str:
    if value not in ("F", "M", "O"):
        raise PatientFileError(f"field {key}: F, M or O is expected", field=key)
    return str(value)


def _date(key: str, value: Any) -> str:
    try:
        day = date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        raise PatientFileError(f"field {key}: a date as YYYY-MM-DD is expected", field=key) from error
    if is_in_the_future(day):
        raise PatientFileError(f"field {key}: the date lies in the future", field=key)
    return day


def _number(key: str, value: Any) -> float:
    low, high = _LIMITS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PatientFileError(f"field {key}: a number from {low:g} to {high:g} is expected", field=key)
    return float(value)


def _further(key: str, value: Any) -> float | str | bool:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:  # JSON knows whole numbers of any length
            pass
    raise PatientFileError(f"field {key}: text, a number, true or false is expected", field=key)


_CHECKS: Mapping[str, Callable[[str, Any], str | float]] = {
    "name": _text,
    "id": _text,
    "sex": _sex,
    "birth_date": _date,
    "age_years": _number,
    "height_cm": _number,
    "weight_kg": _number,
}
