"""Read the ``[[labels]]`` of a ``pack.toml``: codes, operating points and calibration tables."""

from inference.calibration import table_fault
from inference.manifest import Calibration, Coding, Label, OperatingPoint, OutputSpec, Rate, Scoring
from inference.strict_table import StrictTable

CODE = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
_SCORING_KEYS = ("operating_point", "operating_points", "calibration", "map_shown")


def read_labels(top: StrictTable, task: str, output: OutputSpec) -> tuple[Label, ...]:
    """Return the labels in order; problems are noted in the table."""
    labels = tuple(_label(table, task, output) for table in top.tables("labels"))
    codes = [label.code for label in labels if label.code]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        top.problem("labels", f"has the code {code!r} twice")
    return labels


def _label(table: StrictTable, task: str, output: OutputSpec) -> Label:
    label = Label(
        code=table.pattern("code", CODE, "lower-case words joined by underscores", longest=64),
        title=table.text("title"),
        coding=_coding(table.optional_table("coding")),
        scoring=_scoring(table, output) if task == "classify" else None,
    )
    if task == "segment":
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


def _scoring(table: StrictTable, output: OutputSpec) -> Scoring:
    points = tuple(_operating_point(point) for point in table.tables("operating_points"))
    names = [point.name for point in points]
    if len(set(names)) < len(names):
        table.problem("operating_points", "has a name twice")
    name = table.text("operating_point")
    chosen = next((point for point in points if point.name == name), None)
    if chosen is None and name and points:
        table.problem("operating_point", f"is {name!r}, which is not among operating_points")
    map_shown = table.truth("map_shown", default=None if output.has("activation_map") else False)
    if map_shown and not output.has("activation_map"):
        table.problem("map_shown", "is true, but output.activation_map is missing")
    placeholder = OperatingPoint(name="", threshold=0.5, chosen_on="", sensitivity=None, specificity=None)
    return Scoring(
        operating_point=chosen or placeholder,
        operating_points=points,
        calibration=_calibration(table.table("calibration")),
        map_shown=map_shown,
    )


def _operating_point(table: StrictTable) -> OperatingPoint:
    point = OperatingPoint(
        name=table.text("name"),
        threshold=table.number("threshold", minimum=0, maximum=1),
        chosen_on=table.text("chosen_on"),
        sensitivity=_rate(table, "sensitivity"),
        specificity=_rate(table, "specificity"),
    )
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


def _calibration(table: StrictTable) -> Calibration:
    table.text("method", allowed=("venn-abers",))
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
