"""Read what a ``pack.toml`` says of counting cells on whole pictures: ``[count]``."""

from inference.manifest import Counting, Rate
from inference.strict_table import StrictTable

THIN_SMEAR = "thin-smear"
RULES = (THIN_SMEAR,)


def read_counting(top: StrictTable, task: str) -> Counting | None:
    """Return how cells are counted; only packs that classify with one label may say it."""
    if not top.has("count"):
        return None
    table = top.table("count")
    counting = Counting(
        rule=table.text("rule", allowed=RULES),
        cell_pixels=table.whole("cell_pixels", minimum=16, maximum=512),
        threshold=table.number("threshold", minimum=0, maximum=1),
        chosen_on=table.text("chosen_on"),
        sensitivity=_rate(table, "sensitivity"),
        specificity=_rate(table, "specificity"),
        few=table.whole("few", minimum=1, maximum=100_000, default=500),
    )
    table.finish()
    if task != "classify" or len(top.items("labels")) != 1:
        top.problem("count", "belongs to packs that classify and have one label")
    if counting.sensitivity.low + counting.specificity.low <= 1:
        top.problem("count", "has rates that are no better than chance")
    return counting


def _rate(table: StrictTable, key: str) -> Rate:
    numbers = table.numbers(key, length=3)
    if len(numbers) != 3:
        return Rate(value=1.0, low=1.0, high=1.0)
    value, low, high = numbers
    if not 0 <= low <= value <= high <= 1:
        table.problem(key, "must be value, low, high, from 0 to 1, the value between the two")
    return Rate(value=value, low=low, high=high)
