"""The values that a pack asks for, gathered from patient record and measurements, and checked.

What was typed or stands in a patient file wins over what was measured; a contradiction is told.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.digits import measured_number
from core.form import PATIENT_FIELDS, FormField
from core.patient import Patient, Sourced
from core.result import Measurement, PackResult
from core.wording import say
from inference.gate_log import GateLog
from inference.manifest import Manifest

YES, NO = "yes", "no"
_SAME_WITHIN = 0.1
"""Share by which a measured and a typed number may differ before that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One value that was given: as it is, as the model reads it, and which pack measured it, if one did."""

    field: FormField
    raw: Sourced[float | str | bool]
    value: float | str
    pack: str = ""


def gather(
    log: GateLog, manifest: Manifest, patient: Patient, upstream: Sequence[PackResult]
) -> dict[str, Given]:
    """Return the values by code; the log says what is missing, cannot be, or was taken otherwise.

    What it says of how a value was taken names the model: several may take one value differently.
    """
    fields = manifest.inputs
    found = {field.code: _found(field, patient, upstream) for field in fields}
    given: dict[str, Given] = {}
    faults: list[tuple[FormField, str]] = []
    for field in fields:
        candidate = found[field.code]
        if candidate is None:
            continue
        raw, pack = candidate
        value, fault = read_value(field, raw.value)
        if fault:
            faults.append((field, fault))
        else:
            given[field.code] = Given(field=field, raw=raw, value=_within_seen(field, value), pack=pack)
    _tell(log, manifest, found, given, faults)
    _tell_contradictions(log, given, patient, upstream)
    return given


def measured_for(field: FormField, upstream: Sequence[PackResult]) -> tuple[Measurement, str] | None:
    """Return the measurement that may stand for a field, and the title of the pack that made it."""
    if not field.measurement:
        return None
    found = (
        (measurement, result.title)
        for result in upstream
        if result.status == "ok"
        for measurement in result.measurements
        if measurement.code == field.measurement and math.isfinite(measurement.value)
    )
    return next(found, None)


def read_value(field: FormField, raw: float | str | bool) -> tuple[float | str, str]:
    """Return a value as the model reads it, and what is wrong with it in words ("" if nothing).

    True and false, 1 and 0 stand for yes and no where these are the choices.
    """
    if field.kind == "choice":
        values = {choice.value for choice in field.choices}
        text = str(raw)
        if values == {YES, NO} and isinstance(raw, bool | int | float) and raw in (0, 1):
            text = YES if raw else NO
        if text in values:
            return text, ""
        choices = ", ".join(choice.value for choice in field.choices)
        return "", say("inference.inputs.not_choice", title=field.title, choices=choices, value=text[:40])
    if isinstance(raw, bool | str) or not math.isfinite(raw):
        text = str(raw)[:40]
        return 0.0, say("inference.inputs.not_number", title=field.title, unit=_in_unit(field), value=text)
    if not field.minimum <= raw <= field.maximum:
        return 0.0, _bounds("outside", field, raw, field.minimum, field.maximum)
    return float(raw), ""


def found_value(
    field: FormField, patient: Patient, upstream: Sequence[PackResult]
) -> Sourced[float | str | bool] | None:
    """Return the value that counts for a field, unchecked; None where there is none."""
    found = _found(field, patient, upstream)
    return None if found is None else found[0]


def unit_words(field: FormField) -> str:
    """Return a unit as it follows a number."""
    return f" {field.unit}" if field.unit else ""


def _found(
    field: FormField, patient: Patient, upstream: Sequence[PackResult]
) -> tuple[Sourced[float | str | bool], str] | None:
    if field.code in PATIENT_FIELDS:
        known: Sourced[float | str | bool] | None = getattr(patient, field.code)
        return None if known is None else (known, "")
    if field.code in patient.further:
        return patient.further[field.code], ""
    found = measured_for(field, upstream)
    return None if found is None else (Sourced(value=found[0].value, source="measured"), found[1])


def _within_seen(field: FormField, value: float | str) -> float | str:
    if field.seen is None or isinstance(value, str):
        return value
    low, high = field.seen
    return min(max(value, low), high)


def _tell(
    log: GateLog,
    manifest: Manifest,
    found: Mapping[str, object],
    given: Mapping[str, Given],
    faults: Sequence[tuple[FormField, str]],
) -> None:
    fields = manifest.inputs
    missing = [field for field in fields if found[field.code] is None and field.required]
    if missing:
        codes = tuple(field.code for field in missing)
        log.refuse("inputs", "missing", asks=codes, fields=_titles(missing))
    if faults:
        words = " ".join(fault for _, fault in faults)
        log.refuse("inputs", "wrong", faults=words, fields=_titles([field for field, _ in faults]))
    if not missing and not faults:
        log.good("inputs", "good", count=str(len(given)))
    for field in fields:
        if found[field.code] is None and not field.required:
            log.note("inputs", "left_out", title=field.title, model=manifest.title)
    _tell_measured(log, [one for one in given.values() if one.pack])
    for one in given.values():
        _tell_value(log, one, manifest.title)


def _tell_measured(log: GateLog, measured: Sequence[Given]) -> None:
    """Say once for each pack which values it measured; each stands with that among the contributions too."""
    for pack in dict.fromkeys(one.pack for one in measured):
        values = ", ".join(
            f"{one.field.title} {measured_number(float(one.raw.value))}{unit_words(one.field)}"
            for one in measured
            if one.pack == pack
        )
        log.good("inputs", "measured", pack=pack, values=values)


def _tell_value(log: GateLog, one: Given, model: str) -> None:
    field, raw = one.field, one.raw.value
    if one.pack and field.method:
        log.note("inputs", "method", title=field.title, pack=one.pack, model=model, method=field.method)
    if field.seen is not None and not isinstance(raw, str) and one.value != float(raw):
        used = f"{one.value:g}" if not isinstance(one.value, str) else one.value
        text = _bounds("beyond", field, float(raw), *field.seen, used=used, model=model)
        log.tell("note", "inputs", text)


def _tell_contradictions(
    log: GateLog, given: Mapping[str, Given], patient: Patient, upstream: Sequence[PackResult]
) -> None:
    for one in given.values():
        for title, used, source, other, other_source in _contradictions(one, patient, upstream):
            log.note(
                "inputs",
                "contradiction",
                title=title,
                used=used,
                used_source=say(f"inference.source.{source}"),
                other=other,
                other_source=say(f"inference.source.{other_source}"),
            )


def _contradictions(
    one: Given, patient: Patient, upstream: Sequence[PackResult]
) -> Iterator[tuple[str, str, str, str, str]]:
    field = one.field
    for entry in patient.contradictions:
        if entry.field == field.code:
            yield field.title, entry.used, entry.used_source, entry.other, entry.other_source
    measured = None if one.pack else measured_for(field, upstream)
    if measured is not None and not isinstance(one.raw.value, str):
        ours, theirs = float(one.raw.value), measured[0].value
        if abs(ours - theirs) > _SAME_WITHIN * max(abs(ours), abs(theirs)):
            yield field.title, f"{ours:.4g}", one.raw.source, f"{theirs:.4g}", "measured"


def _bounds(case: str, field: FormField, value: float, low: float, high: float, **more: str) -> str:
    return say(
        f"inference.inputs.{case}",
        title=field.title,
        value=f"{value:g}",
        unit=unit_words(field),
        low=f"{low:g}",
        high=f"{high:g}",
        **more,
    )


def _in_unit(field: FormField) -> str:
    return f" ({field.unit})" if field.unit else ""


def _titles(fields: Sequence[FormField]) -> str:
    return ", ".join(f"{field.title} ({field.unit})" if field.unit else field.title for field in fields)
