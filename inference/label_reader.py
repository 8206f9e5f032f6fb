"""Read the ``[[labels]]`` of a ``pack.toml``: codes, operating points and calibration tables."""

from dataclasses import replace

from inference.calibration import table_fault
from inference.manifest import (
    NOT_CALIBRATED,
    Calibration,
    Coding,
    Label,
    OperatingPoint,
    OutputSpec,
    Rate,
    Scoring,
)
from inference.strict_table import StrictTable
from inference.words import CODE

_SCORING_KEYS = ("operating_point", "operating_points", "calibration", "map_shown", "beside")


def read_labels(
    top: StrictTable, task: str, output: OutputSpec, *, maps: bool, demonstration: bool
) -> tuple[Label, ...]:
    """Return the labels in order; problems are noted in the table.

    ``maps`` says whether the pack makes maps, ``demonstration`` whether it may go without calibration.
    """
    labels = tuple(
        _label(table, task, output, maps=maps, demonstration=demonstration) for table in top.tables("labels")
    )
    columns = [label.column for label in labels if label.column is not None]
    if len(set(columns)) < len(columns):
        top.problem("labels", "name one column twice")
    codes = [label.code for label in labels if label.code]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        top.problem("labels", f"has the code {code!r} twice")
    _check_beside(labels, top, "labels")
    return labels


def read_findings(
    top: StrictTable, task: str, output: OutputSpec, *, maps: bool, demonstration: bool
) -> tuple[Label, ...]:
    """Return what a pack that outlines also scores: needed where it has logits, refused elsewhere."""
    scores = task == "segment" and output.has("logits")
    if not scores:
        if top.has("findings"):
            top.tables("findings")
            top.problem("findings", "belongs to packs that segment and have output.logits")
        return ()
    rule = replace(output, columns=None)
    labels = tuple(
        _label(table, "classify", rule, maps=maps, demonstration=demonstration)
        for table in top.tables("findings")
    )
    _check_beside(labels, top, "findings")
    return labels


def _check_beside(labels: tuple[Label, ...], top: StrictTable, key: str) -> None:
    """Scores beside a finding come last, each beside a finding of its own; cells and tiles have none."""
    own = {label.code for label in labels if not label.beside}
    beside = [label for label in labels if label.beside]
    for label in beside:
        if label.beside not in own:
            top.problem(key, f"has {label.code!r} beside {label.beside!r}, which is no finding of its own")
    if beside and labels[-len(beside) :] != tuple(beside):
        top.problem(key, "must name those that stand beside another finding last")
    for table in ("count", "tiles"):
        if beside and top.has(table):
            top.problem(key, f"may have no score beside another in packs with [{table}]")


def _label(table: StrictTable, task: str, output: OutputSpec, *, maps: bool, demonstration: bool) -> Label:
    label = Label(
        code=table.pattern("code", CODE, "lower-case words joined by underscores", longest=64),
        title=table.text("title"),
        coding=_coding(table.optional_table("coding")),
        scoring=_scoring(table, maps=maps, demonstration=demonstration) if task == "classify" else None,
        column=_column(table, output),
        beside=_beside(table) if task == "classify" else "",
    )
    if task != "classify":
        for key in _SCORING_KEYS:
            if table.has(key):
                table.all_keys()
                table.problem(key, "belongs to packs that classify")
    table.finish()
    return label


def _coding(table: StrictTable | None) -> Coding | None:
    if table is None:
        return None
    coding = Coding(system=table.text("system"), code=table.text("code"))
    table.finish()
    return coding


def _beside(table: StrictTable) -> str:
    if not table.has("beside"):
        return ""
    return table.pattern("beside", CODE, "the code of another finding", longest=64)


def _column(table: StrictTable, output: OutputSpec) -> int | None:
    if output.columns is not None:
        return table.whole("column", minimum=0, maximum=output.columns - 1)
    if table.has("column"):
        table.all_keys()
        table.problem("column", "needs output.columns")
    return None


def _scoring(table: StrictTable, *, maps: bool, demonstration: bool) -> Scoring:
    calibration = _calibration(table.table("calibration"), demonstration=demonstration)
    points = tuple(
        _operating_point(point, calibrated=calibration.method != "none")
        for point in table.tables("operating_points")
    )
    names = [point.name for point in points]
    if len(set(names)) < len(names):
        table.problem("operating_points", "has a name twice")
    name = table.text("operating_point")
    chosen = next((point for point in points if point.name == name), None)
    if chosen is None and name and points:
        table.problem("operating_point", f"is {name!r}, which is not among operating_points")
    map_shown = table.truth("map_shown", default=None if maps else False)
    if map_shown and not maps:
        table.problem("map_shown", "is true, but neither output.activation_map nor [explanation] makes a map")
    placeholder = OperatingPoint(name="", threshold=0.5, chosen_on="", sensitivity=None, specificity=None)
    return Scoring(
        operating_point=chosen or placeholder,
        operating_points=points,
        calibration=calibration,
        map_shown=map_shown,
    )


def _operating_point(table: StrictTable, *, calibrated: bool) -> OperatingPoint:
    point = OperatingPoint(
        name=table.text("name"),
        threshold=table.number("threshold", minimum=0, maximum=1),
        chosen_on=table.text("chosen_on"),
        sensitivity=_rate(table, "sensitivity"),
        specificity=_rate(table, "specificity"),
        measured_on=table.text("measured_on", default=""),
    )
    if not calibrated and table.has("threshold") and point.threshold <= 0:
        table.problem("threshold", "must lie above 0 where there is no calibration")
    table.finish()
    return point


def _rate(table: StrictTable, key: str) -> Rate | None:
    if not table.has(key):
        return None
    numbers = table.numbers(key, minimum=0, maximum=1, length=3)
    if len(numbers) != 3:
        return None
    rate = Rate(value=numbers[0], low=numbers[1], high=numbers[2])
    if not rate.low <= rate.value <= rate.high:
        table.problem(key, "must be [value, low, high] with the value inside the interval")
    return rate


def _calibration(table: StrictTable, *, demonstration: bool) -> Calibration:
    if table.text("method", allowed=("venn-abers", "none")) == "none":
        if not demonstration:
            table.problem("method", "may be 'none' in packs of the class demonstration only")
        table.finish()
        return NOT_CALIBRATED
    calibration = Calibration(
        prevalence=table.number("prevalence", minimum=0, maximum=1),
        logits=table.numbers("logits"),
        lower=table.numbers("lower", minimum=0, maximum=1),
        upper=table.numbers("upper", minimum=0, maximum=1),
    )
    fault = table_fault(calibration.logits, calibration.lower, calibration.upper)
    if fault is not None and all(table.has(key) for key in ("logits", "lower", "upper")):
        table.problem("", fault)
    table.finish()
    return calibration
