"""Read what a ``pack.toml`` says of slides that are read tile by tile: ``[tiles]``."""

from inference.manifest import Tiling
from inference.strict_table import StrictTable


def read_tiling(top: StrictTable, task: str) -> Tiling | None:
    """Return how slides are read in tiles; only packs that classify may."""
    if not top.has("tiles"):
        top.note_asked("tiles")
        return None
    table = top.table("tiles")
    tiling = Tiling(
        side=table.whole("side", minimum=16, maximum=1024),
        um_per_pixel=table.number("um_per_pixel", minimum=0.05, maximum=20),
        scale_source=table.text("scale_source"),
        stored_side=table.whole("stored_side", minimum=16, maximum=16384),
        smallest_picture=table.whole("smallest_picture", minimum=64, maximum=65536),
        overlap=table.number("overlap", minimum=0, maximum=0.9, default=0.0),
        least_tissue=table.number("least_tissue", minimum=0.01, maximum=1, default=0.5),
        batch=table.whole("batch", minimum=1, maximum=256, default=16),
        map_shown=table.truth("map_shown", default=False),
    )
    if task != "classify":
        top.problem("tiles", "belongs to packs that classify")
    table.finish()
    return tiling
