"""Read what a ``pack.toml`` says of the network's input: size, channels, region, resizing, values."""

from typing import cast

from inference.manifest import InputSpec, Intensity, MaskRegion, Normalise, Resize, WholeRegion
from inference.strict_table import StrictTable
from inference.words import PACK_ID

LARGEST_SIDE = 2048
"""Rows or columns of a network's input; more would not fit the memory promised for small computers."""
LARGEST_SCALE = 1e5
_CHANNELS = (1, 3)
_SMALLEST_STD = 1e-6


def read_input(table: StrictTable) -> InputSpec:
    """Return what the network reads; problems are noted in the table."""
    rows_columns = table.numbers("size", minimum=8, maximum=LARGEST_SIDE, length=2)
    if any(not number.is_integer() for number in rows_columns):
        table.problem("size", "must be whole numbers")
    size = (int(rows_columns[0]), int(rows_columns[1])) if len(rows_columns) == 2 else (8, 8)
    region = _region(table.table("region"))
    channels = _channels(table)
    resize = _resize(table, region)
    spec = InputSpec(
        name=table.text("name"),
        size=size,
        channels=channels,
        region=region,
        intensity=_intensity(table.table("intensity"), region),
        resize=resize,
        pad=_pad(table, resize),
        normalise=_normalise(table.optional_table("normalise"), channels),
    )
    table.finish()
    return spec


def _channels(table: StrictTable) -> int:
    channels = table.whole("channels", minimum=1, maximum=3)
    if channels not in _CHANNELS:
        table.problem("channels", f"is {channels}, must be 1 or 3")
    return channels


def _region(table: StrictTable) -> WholeRegion | MaskRegion:
    rule = table.text("rule", allowed=("whole", "masks"))
    region: WholeRegion | MaskRegion = WholeRegion()
    if rule == "masks":
        region = MaskRegion(
            pack=table.pattern("pack", PACK_ID, "a pack's id", longest=64),
            codes=table.texts("codes"),
            margin=table.number("margin", minimum=0, maximum=1),
            outside=table.number("outside", minimum=0, maximum=1),
        )
    table.finish()
    return region


def _resize(table: StrictTable, region: WholeRegion | MaskRegion) -> Resize:
    rule = table.text("resize", allowed=("stretch", "fit", "crop"))
    if rule in ("fit", "crop") and isinstance(region, MaskRegion):
        table.problem("resize", "must be 'stretch' where the region's rule is masks")
    return cast(Resize, rule)


def _pad(table: StrictTable, resize: Resize) -> float:
    if resize == "fit":
        return table.number("pad", minimum=0, maximum=1)
    if table.has("pad"):
        table.number("pad")
        table.problem("pad", "belongs to the resize rule 'fit'")
    return 0.0


def _intensity(table: StrictTable, region: WholeRegion | MaskRegion) -> Intensity:
    if table.text("rule", allowed=("percentile", "full")) == "full":
        for key in ("low", "high", "within"):
            if table.has(key):
                table.all_keys()
                table.problem(key, "belongs to the rule 'percentile'")
        table.finish()
        return Intensity(low=0.0, high=100.0, within="image", rule="full")
    return _percentile(table, region)


def _percentile(table: StrictTable, region: WholeRegion | MaskRegion) -> Intensity:
    within = table.text("within", allowed=("image", "region"))
    intensity = Intensity(
        low=table.number("low", minimum=0, maximum=100),
        high=table.number("high", minimum=0, maximum=100),
        within="region" if within == "region" else "image",
    )
    if intensity.low >= intensity.high and table.has("low") and table.has("high"):
        table.problem("low", "must lie below high")
    wanted = "image" if isinstance(region, WholeRegion) else "region"
    if within and within != wanted:
        table.problem("within", f"must be {wanted!r} where the region's rule is as it is")
    table.finish()
    return intensity


def _normalise(table: StrictTable | None, channels: int) -> Normalise | None:
    if table is None:
        return None
    normalise = Normalise(
        scale=table.number("scale", minimum=_SMALLEST_STD, maximum=LARGEST_SCALE, default=1.0),
        mean=table.numbers("mean", minimum=-LARGEST_SCALE, maximum=LARGEST_SCALE, length=channels),
        std=table.numbers("std", minimum=_SMALLEST_STD, maximum=LARGEST_SCALE, length=channels),
    )
    table.finish()
    return normalise
