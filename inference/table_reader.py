"""Read ``table.json`` strictly into a model: one reading names every problem."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.errors import RiskTableError
from core.form import FormField
from inference.calibration import table_fault
from inference.manifest import TABLE_NAME, Calibration, Manifest
from inference.strict_table import Problems, StrictTable
from inference.table_model import FUNCTIONS, NEEDS_NUMBER, Baseline, Function, TableModel, Term

TABLE_SCHEMA = "farlight-table/1"
LARGEST_BYTES = 16 * 1024 * 1024
MOST_TERMS, MOST_DRAWS, MOST_DAYS = 200, 2000, 2000
LARGEST_NUMBER = 1e9
_FEWEST_DRAWS = 100
_MOST_KNOTS = 2000
_SAME_HAZARD = 1e-6
_SHOWN_PROBLEMS = 20


def parse_table(data: bytes, manifest: Manifest) -> TableModel:
    """Read the content of a ``table.json``, against what the manifest promises.

    Raises:
        RiskTableError: it is not such a file, or does not fit; the detail names each problem.
    """
    problems = Problems()
    top = StrictTable(_content(data), "", problems)
    if top.text("schema") != TABLE_SCHEMA and top.has("schema"):
        top.problem("schema", f"must be {TABLE_SCHEMA!r}")
    terms = _terms(top, manifest)
    rows = _labels(top, manifest, len(terms))
    draws = _draws(top, manifest, len(terms))
    bounds = _bounds(top, manifest)
    baseline = _baseline(top, manifest)
    set_threshold = _set_threshold(top, manifest)
    top.finish()
    if not problems.found and baseline is not None:
        _check_hazard(top, baseline, manifest, float(rows[0][0]))
    if problems.found:
        shown = "; ".join(problems.found[:_SHOWN_PROBLEMS])
        raise RiskTableError(f"{TABLE_NAME}: {shown}", problems=tuple(problems.found[:_SHOWN_PROBLEMS]))
    assert manifest.outcome is not None
    return TableModel(
        model=manifest.outcome.model,
        terms=terms,
        intercepts=rows[:, 0],
        coefficients=rows[:, 1:],
        draws=draws,
        bounds=bounds,
        baseline=baseline,
        set_threshold=set_threshold,
    )


def _content(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_BYTES:
        raise RiskTableError(f"{TABLE_NAME} is larger than {LARGEST_BYTES} bytes")
    try:
        content = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise RiskTableError(f"{TABLE_NAME} is not JSON: {str(error)[:80]}") from error
    if not isinstance(content, dict):
        raise RiskTableError(f"{TABLE_NAME} is not a JSON object")
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _terms(top: StrictTable, manifest: Manifest) -> tuple[Term, ...]:
    fields = {field.code: field for field in manifest.inputs}
    terms = tuple(_term(table, fields) for table in top.tables("terms"))
    if len(terms) > MOST_TERMS:
        top.problem("terms", f"has {len(terms)} entries, {MOST_TERMS} are allowed")
    for code in sorted(fields.keys() - {term.input for term in terms}):
        top.problem("terms", f"does not use the input {code!r}, which the manifest asks for")
    return terms


def _term(table: StrictTable, fields: dict[str, FormField]) -> Term:
    named = table.text("function", allowed=FUNCTIONS)
    function: Function = next((known for known in FUNCTIONS if known == named), "identity")
    scale = _number(table, "scale")
    if table.has("scale") and not scale > 0:
        table.problem("scale", "must lie above 0")
    term = Term(
        input=table.text("input"),
        function=function,
        centre=_number(table, "centre"),
        scale=scale if scale > 0 else 1.0,
        number=_number(table, "number") if function in NEEDS_NUMBER else 0.0,
        choice=table.text("choice") if function == "equals" else "",
    )
    table.finish()
    field = fields.get(term.input)
    if field is None and term.input:
        table.problem("input", f"is {term.input!r:.80}, which the manifest does not ask for")
    elif field is not None:
        for key, what in _term_faults(term, field):
            table.problem(key, what)
    return term


def _term_faults(term: Term, field: FormField) -> Iterator[tuple[str, str]]:
    """Yield what does not fit between a term and the field that it reads."""
    if (term.function == "equals") != (field.kind == "choice"):
        yield "function", f"is {term.function!r}, which does not fit an input of the kind {field.kind!r}"
    elif term.function == "equals" and term.choice not in {choice.value for choice in field.choices}:
        yield "choice", f"is {term.choice!r:.80}, which is not among the choices of {field.code}"
    if term.function == "log" and field.minimum <= 0:
        yield "function", f"is 'log', but {field.code} may be {field.minimum:g}"
    if term.function == "steps" and not term.number > 0:
        yield "number", "must lie above 0"


def _number(table: StrictTable, key: str) -> float:
    return table.number(key, minimum=-LARGEST_NUMBER, maximum=LARGEST_NUMBER)


def _labels(top: StrictTable, manifest: Manifest, terms: int) -> NDArray[np.float64]:
    """Return (label, 1 + term): intercept and coefficients of each label, as the manifest orders them."""
    rows = np.zeros((len(manifest.labels), 1 + terms))
    found = []
    for number, table in enumerate(top.tables("labels")):
        code = table.text("code")
        found.append(code)
        intercept = _number(table, "intercept")
        coefficients = table.numbers("coefficients", minimum=-1e6, maximum=1e6, length=terms)
        table.finish()
        if number < len(rows) and len(coefficients) == terms:
            rows[number] = (intercept, *coefficients)
    if tuple(found) != manifest.codes:
        top.problem("labels", f"are {found!r:.200}, the manifest names {list(manifest.codes)}")
    return rows


def _belongs(top: StrictTable, key: str, manifest: Manifest, *models: str) -> bool:
    """Whether a part belongs to the manifest's model; where it does not, note that it stands there."""
    model = manifest.outcome.model if manifest.outcome else ""
    if model in models:
        return True
    if top.has(key):
        top.note_asked(key)
        top.problem(key, f"belongs to the model {' or '.join(map(repr, models))}")
    return False


def _draws(top: StrictTable, manifest: Manifest, terms: int) -> NDArray[np.float64] | None:
    if not _belongs(top, "draws", manifest, "cox", "multinomial"):
        return None
    if _is_cox(manifest) and top.has("bounds"):
        if top.has("draws"):
            top.note_asked("draws")
            top.problem("draws", "stands beside bounds: a model says in one way how sure it is")
        return None
    rows, labels = top.items("draws"), len(manifest.labels)
    length = labels * (1 + terms)
    if not _FEWEST_DRAWS <= len(rows) <= MOST_DRAWS:
        top.problem("draws", f"has {len(rows)} entries, {_FEWEST_DRAWS} to {MOST_DRAWS} are allowed")
        return np.zeros((1, labels, 1 + terms))
    for number, row in enumerate(rows):
        if not (isinstance(row, list) and len(row) == length and all(map(_is_number, row))):
            top.problem(f"draws[{number}]", f"must be a list of {length} finite numbers")
            return np.zeros((1, labels, 1 + terms))
    return np.array(rows, dtype=np.float64).reshape(len(rows), labels, 1 + terms)


def _is_number(value: object) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and abs(cast(float, value)) <= LARGEST_NUMBER


def _bounds(top: StrictTable, manifest: Manifest) -> Calibration | None:
    if not _belongs(top, "bounds", manifest, "logistic", "cox"):
        return None
    if _is_cox(manifest) and not top.has("bounds"):
        return None
    assert manifest.outcome is not None
    table = top.table("bounds")
    logits = table.numbers("logits", minimum=-LARGEST_NUMBER, maximum=LARGEST_NUMBER)
    lower = table.numbers("lower", minimum=0, maximum=1)
    upper = table.numbers("upper", minimum=0, maximum=1)
    table.finish()
    if len(logits) > _MOST_KNOTS:
        table.problem("logits", f"has {len(logits)} entries, {_MOST_KNOTS} are allowed")
    fault = table_fault(logits, lower, upper)
    if fault is not None and all(table.has(key) for key in ("logits", "lower", "upper")):
        table.problem("", fault)
    share = manifest.outcome.prevalence
    prevalence = math.nan if share is None else share
    return Calibration(prevalence=prevalence, logits=logits, lower=lower, upper=upper)


def _is_cox(manifest: Manifest) -> bool:
    return manifest.outcome is not None and manifest.outcome.model == "cox"


def _set_threshold(top: StrictTable, manifest: Manifest) -> float | None:
    if not _belongs(top, "set_threshold", manifest, "multinomial"):
        return None
    return top.number("set_threshold", minimum=0, maximum=1)


def _baseline(top: StrictTable, manifest: Manifest) -> Baseline | None:
    if not _belongs(top, "baseline", manifest, "cox"):
        return None
    assert manifest.outcome is not None
    table = top.table("baseline")
    days = table.numbers("days", minimum=0, maximum=40_000)
    survival = table.numbers("survival", minimum=0, maximum=1)
    table.finish()
    if not top.has("baseline"):
        return None
    if len(days) != len(survival) or not 2 <= len(days) <= MOST_DAYS:
        table.problem("", f"needs as many days as survival, 2 to {MOST_DAYS}")
        return None
    if any(later <= day for day, later in pairwise(days)):
        table.problem("days", "must rise")
    if any(later > alive for alive, later in pairwise(survival)):
        table.problem("survival", "must not rise")
    horizon = manifest.outcome.horizon_days
    if horizon is not None and float(horizon) not in days:
        table.problem("days", f"must have the horizon, {horizon}")
    if any(not 0 < alive <= 1 for alive in survival):
        table.problem("survival", "must lie above 0")
    return Baseline(days=days, survival=survival)


def _check_hazard(top: StrictTable, baseline: Baseline, manifest: Manifest, intercept: float) -> None:
    """Note where the intercept is not the cumulative hazard of the baseline at the horizon."""
    assert manifest.outcome is not None
    assert manifest.outcome.horizon_days is not None
    alive = baseline.survival[baseline.days.index(float(manifest.outcome.horizon_days))]
    if alive >= 1 or abs(math.log(-math.log(alive)) - intercept) > _SAME_HAZARD:
        top.problem("labels[0].intercept", "is not log(-log(baseline survival at the horizon))")
