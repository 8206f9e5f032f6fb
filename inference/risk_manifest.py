"""Read what a ``pack.toml`` says of the values that a pack reads, and of what it estimates from them."""

from types import MappingProxyType
from typing import Literal, cast

from core.form import PATIENT_FIELDS, FieldChoice, FormField
from inference.manifest import Manifest, Outcome, OutputSpec
from inference.strict_table import StrictTable
from inference.words import CODE

MOST_INPUTS = 60
NO_OUTPUT = OutputSpec(names=MappingProxyType({}))
"""The outputs of a network that is not there."""
_RESERVED = ("name", "id", "birth_date", "further", "contradictions")
_PICTURE_TABLES = ("input", "output", "tolerance", "outline", "sense", "familiarity", "limits", "explanation")
_VALUE_TABLES = ("inputs", "outcome", "uses")
_NUMBER_KEYS = ("unit", "minimum", "maximum", "seen", "measurement", "method")
_FEWEST_GROUPS = 2


def refuse_picture_tables(top: StrictTable) -> None:
    """Note what belongs to packs that look at pictures."""
    _refuse(top, _PICTURE_TABLES, "belongs to packs that look at pictures, not to the task 'risk'")


def refuse_value_tables(top: StrictTable) -> None:
    """Note what belongs to packs that read values."""
    _refuse(top, _VALUE_TABLES, "belongs to packs of the task 'risk'")


def read_inputs(top: StrictTable) -> tuple[FormField, ...]:
    """Return the fields that a pack asks for, in the order of its form."""
    fields = tuple(_field(table) for table in top.tables("inputs"))
    codes = [field.code for field in fields if field.code]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        top.problem("inputs", f"has the code {code!r} twice")
    if len(fields) > MOST_INPUTS:
        top.problem("inputs", f"has {len(fields)} fields, {MOST_INPUTS} are allowed")
    return fields


def read_outcome(top: StrictTable) -> Outcome:
    """Return what a pack estimates."""
    table = top.table("outcome")
    model = table.text("model", allowed=("cox", "logistic", "multinomial"))
    group = model == "multinomial"
    outcome = Outcome(
        model=cast(Literal["cox", "logistic", "multinomial"], model),
        kind="group" if group else "event",
        horizon_days=_horizon(table, model),
        prevalence=None if group else table.number("prevalence", minimum=0, maximum=1),
        calibration=table.text("calibration"),
    )
    table.finish()
    return outcome


def check_risk(manifest: Manifest, top: StrictTable) -> None:
    """Note what does not fit together in the manifest of a pack that reads values."""
    outcome = manifest.outcome
    count = len(manifest.labels)
    if outcome is not None and outcome.model == "multinomial" and count < _FEWEST_GROUPS:
        top.problem("labels", "needs two groups or more for the model 'multinomial'")
    if outcome is not None and outcome.model in ("cox", "logistic") and count != 1:
        top.problem("labels", f"must have one entry for the model {outcome.model!r}, has {count}")
    codes = {field.code for field in manifest.inputs}
    if manifest.applies.age_years is not None and "age_years" not in codes:
        top.problem("applies.age_years", "needs age_years among the inputs")
    if any(field.measurement for field in manifest.inputs) and not (manifest.uses or manifest.depends):
        top.problem("uses", "is missing: inputs take measurements, and it names the packs that make them")


def _horizon(table: StrictTable, model: str) -> int | None:
    if model != "cox" and not table.has("horizon_days"):
        return None
    days = table.whole("horizon_days", minimum=1, maximum=36_525)
    if model == "multinomial":
        table.problem("horizon_days", "belongs to the models 'cox' and 'logistic'")
    return days


def _field(table: StrictTable) -> FormField:
    kind = table.text("kind", allowed=("number", "choice"))
    code = table.pattern("code", CODE, "lower-case words joined by underscores", longest=64)
    if code in _RESERVED:
        table.problem("code", f"is {code!r}, which the patient's own record keeps for itself")
    shared = {
        "code": code,
        "title": table.text("title"),
        "help": table.text("help", default=""),
        "required": table.truth("required", default=True),
    }
    field = _number(table, shared) if kind == "number" else _choice(table, shared)
    if (code in PATIENT_FIELDS) and (field.kind == "choice") != (code == "sex") and kind:
        table.problem("kind", f"is {kind!r}, which {code} is not")
    table.finish()
    return field


def _number(table: StrictTable, shared: dict[str, object]) -> FormField:
    _refuse(table, ("choices",), "belongs to the kind 'choice'")
    minimum, maximum = table.number("minimum"), table.number("maximum")
    if minimum >= maximum:
        table.problem("minimum", "must lie below maximum")
    return FormField(
        **shared,  # type: ignore[arg-type]
        kind="number",
        unit=table.text("unit", default=""),
        minimum=minimum,
        maximum=maximum,
        seen=_seen(table, minimum, maximum),
        measurement=table.pattern("measurement", CODE, "the code of a measurement", longest=64)
        if table.has("measurement")
        else "",
        method=table.text("method", default=""),
    )


def _choice(table: StrictTable, shared: dict[str, object]) -> FormField:
    _refuse(table, _NUMBER_KEYS, "belongs to the kind 'number'")
    choices = tuple(_one_choice(choice) for choice in table.tables("choices"))
    values = [choice.value for choice in choices]
    if len(set(values)) < len(values):
        table.problem("choices", "names one value twice")
    if len(values) == 1:
        table.problem("choices", "has one value only: nothing is to be chosen")
    return FormField(**shared, kind="choice", choices=choices)  # type: ignore[arg-type]


def _one_choice(table: StrictTable) -> FieldChoice:
    choice = FieldChoice(value=table.text("value"), title=table.text("title"))
    table.finish()
    return choice


def _seen(table: StrictTable, minimum: float, maximum: float) -> tuple[float, float] | None:
    if not table.has("seen"):
        return None
    seen = table.numbers("seen", length=2)
    if len(seen) != 2:
        return None
    if not minimum <= seen[0] < seen[1] <= maximum:
        table.problem("seen", "must be [low, high] inside minimum and maximum")
    return seen[0], seen[1]


def _refuse(table: StrictTable, keys: tuple[str, ...], why: str) -> None:
    for key in keys:
        if table.has(key):
            table.note_asked(key)
            table.problem(key, why)
