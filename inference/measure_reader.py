"""Read what a ``pack.toml`` says of measuring a stack that moves: ``[measure]`` and ``[[measurements]]``."""

from inference.manifest import InputSpec, Measured, Measuring
from inference.strict_table import StrictTable
from inference.words import CODE

CINE = "short-axis-cine"
RULES = (CINE,)
STRUCTURES = {CINE: ("rv", "myocardium", "lv")}
"""The codes that ``[[labels]]`` must have, by rule."""
NUMBERS = {
    CINE: ("lv_ef", "lv_edv", "lv_esv", "lv_sv", "rv_ef", "rv_edv", "rv_esv", "rv_sv", "lv_mass"),
}
"""The codes that ``[[measurements]]`` may have, by rule."""
_CHANNELS = 3


def read_measuring(top: StrictTable, task: str, spec: InputSpec) -> Measuring | None:
    """Return how and what is measured; only packs that measure have it."""
    if task != "measure":
        for key in ("measure", "measurements"):
            if top.has(key):
                top.all_keys()
                top.problem(key, "belongs to packs that measure")
        return None
    table = top.table("measure")
    rule = table.text("rule", allowed=RULES)
    measuring = Measuring(
        rule=rule,
        spacing_mm=table.number("spacing_mm", minimum=0.1, maximum=20),
        locate_factor=table.number("locate_factor", minimum=1, maximum=4),
        smallest_stack=table.whole("smallest_stack", minimum=1, maximum=100),
        batch=table.whole("batch", minimum=1, maximum=256, default=8),
        coverage=table.number("coverage", minimum=0, maximum=1),
        measured=tuple(_measured(one, NUMBERS.get(rule, ())) for one in top.tables("measurements")),
    )
    if spec.channels != _CHANNELS:
        table.problem("rule", f"needs {_CHANNELS} channels: the slice before, the slice, the slice after")
    codes = {label.get("code") for label in top.items("labels") if isinstance(label, dict)}
    for code in STRUCTURES.get(rule, ()):
        if code not in codes:
            table.problem("rule", f"needs a label {code!r}")
    table.finish()
    return measuring


def _measured(table: StrictTable, allowed: tuple[str, ...]) -> Measured:
    measured = Measured(
        code=table.pattern("code", CODE, "lower-case words joined by underscores", longest=64),
        title=table.text("title"),
        unit=table.text("unit"),
        error=table.number("error", minimum=0, default=0.0),
        relative_error=table.number("relative_error", minimum=0, maximum=1, default=0.0),
    )
    if measured.code and measured.code not in allowed:
        table.problem("code", f"is {measured.code!r}, must be one of {', '.join(allowed)}")
    table.finish()
    return measured
