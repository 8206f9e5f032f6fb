"""The patient form: which values the installed packs ask for, and whether what was given fits."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from core.digits import measured_number
from core.errors import PatientFileError
from core.form import PATIENT_FIELDS, PREGNANCY, FieldChoice, FormField
from core.model_facts import ModelFacts
from core.patient import Patient
from core.result import PackResult
from core.wording import say

if TYPE_CHECKING:
    from inference.packs import PackLibrary

_PREGNANCY_FIELD = FormField(
    code=PREGNANCY,
    title=PREGNANCY,
    kind="choice",
    choices=(FieldChoice(value="yes", title="yes"), FieldChoice(value="no", title="no")),
)
_KNOWN = ("name", "id", "sex", "birth_date", "age_years", "height_cm", "weight_kg")


def fields_by_code(library: "PackLibrary") -> Mapping[str, tuple[FormField, ...]]:
    """Return what packs and rules ask for besides the patient's own record; packs may share a code."""
    found: dict[str, tuple[FormField, ...]] = {PREGNANCY: (_PREGNANCY_FIELD,)}
    for entry in library.entries():
        for field in entry.pack.manifest.inputs if entry.pack else ():
            if field.code not in PATIENT_FIELDS:
                found[field.code] = (*found.get(field.code, ()), field)
    return found


def require_known_fields(patient: Patient, library: "PackLibrary") -> None:
    """Check that an installed pack asks for every further value of a patient file, and that its kind fits.

    Whether a value can be is for the pack to say, which then refuses.

    Raises:
        PatientFileError: the named field is not known, or its value is not of the right kind.
    """
    fields = fields_by_code(library)
    for code, given in patient.further.items():
        if code not in fields:
            near = get_close_matches(code, (*fields, *_KNOWN), n=1)
            hint = say("risk.field.did_you_mean", field=near[0]) if near else ""
            unknown = say("risk.field.unknown", field=code[:60])
            raise PatientFileError(f"{unknown} {hint}".strip(), field=code[:60])
        if not any(_is_of_kind(field, given.value) for field in fields[code]):
            raise PatientFileError(_expected(code, fields[code]), field=code)


def _is_of_kind(field: FormField, value: float | str | bool) -> bool:
    from inference.risk_values import read_value

    if field.kind == "number":
        return isinstance(value, float) and not isinstance(value, bool)
    return read_value(field, value)[1] == ""


def _expected(code: str, fields: Sequence[FormField]) -> str:
    field = fields[0]
    if field.kind == "number":
        unit = f" ({field.unit})" if field.unit else ""
        return say("risk.field.number", field=code, unit=unit)
    return say("risk.field.choice", field=code, choices=", ".join(_values(fields)))


def _values(fields: Iterable[FormField]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(choice.value for field in fields for choice in field.choices))


def read_typed(field: FormField, text: str) -> tuple[float | str | None, str]:
    """Return a value as typed (a comma may stand for a point), and what is wrong with it ("" if nothing)."""
    from inference.risk_values import read_value

    if field.kind == "choice":
        return read_value(field, text)
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return read_value(field, text)
    return read_value(field, number)


def forms_for(
    forms: Sequence[ModelFacts], patient: Patient, results: Sequence[PackResult], *, typed_alone: bool
) -> tuple[ModelFacts, ...]:
    """Return the models that are offered a form, the one that needs the fewest missing values first.

    Without an image (``typed_alone``) that is every model that asks for values. Beside an image only those
    that build on what was measured on it, or that have spoken of the patient's values here already.
    """
    fitting = forms if typed_alone else [one for one in forms if _fits(one, patient, results)]
    return tuple(sorted(fitting, key=lambda one: count_missing(one, patient, results)))


def count_missing(form: ModelFacts, patient: Patient, results: Sequence[PackResult]) -> int:
    """Return how many of the values that a model needs are neither known nor measured."""
    return sum(one.required and not _is_known(one, patient, results) for one in form.fields)


def _fits(form: ModelFacts, patient: Patient, results: Sequence[PackResult]) -> bool:
    from inference.risk_values import measured_for

    own = [one for one in form.fields if one.code not in PATIENT_FIELDS]
    measured = [one for one in own if measured_for(one, results) is not None]
    spoke = any(one.stamp.pack_id == form.pack_id and one.status != "not_applicable" for one in results)
    if not measured and not spoke:
        return False
    given = any(one.code in patient.further for one in own)
    return given or len(measured) < len(own) or count_missing(form, patient, results) > 0


def _is_known(field: FormField, patient: Patient, results: Sequence[PackResult]) -> bool:
    from inference.risk_values import found_value

    return found_value(field, patient, results) is not None


def older_values(
    form: ModelFacts, counted: Patient, known: Patient, results: Sequence[PackResult]
) -> tuple[str, ...]:
    """Return in words what a model had counted of values that are others now; nothing where none is."""
    from inference.risk_values import found_value
    from reports.text import in_sentence

    said = []
    for field in form.fields:
        if field.code in PATIENT_FIELDS:
            continue  # who the patient is has the models asked anew at once
        before, now = (found_value(field, whose, results) for whose in (counted, known))
        if (before and before.value) != (now and now.value):
            value = say("risk.chart.not_given") if before is None else _value_words(field, before.value)
            said.append(say("risk.say.older_value", name=in_sentence(field.title), value=value))
    return tuple(said)


def known_value(field: FormField, patient: Patient, results: Sequence[PackResult]) -> str | None:
    """Return in words the value that a pack would take, and where it is from; None where it knows none."""
    from inference.risk_values import found_value

    found = found_value(field, patient, results)
    if found is None:
        return None
    value = _value_words(field, found.value, measured=found.source == "measured")
    return f"{value} ({say(f'inference.source.{found.source}')})"


def _value_words(field: FormField, raw: float | str | bool, *, measured: bool = False) -> str:
    from inference.risk_values import unit_words

    if isinstance(raw, float):
        return f"{measured_number(raw) if measured else f'{raw:.4g}'}{unit_words(field)}"
    return f"{field.title_of(raw)}{unit_words(field)}"
