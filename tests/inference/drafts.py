"""Fill a drafted pack.toml in, as its maker would."""

import re
from collections.abc import Mapping
from pathlib import Path

from inference.draft_manifest import FILL_IN

GAP = re.compile(rf"^# {FILL_IN} (\w+) = .*$", re.MULTILINE)
NONE = 'method = "none"'
CERTAIN = """\
method = "venn-abers"
prevalence = 0.5
logits = [-20.0, 20.0]
lower = [0.80, 0.90]
upper = [0.85, 0.95]"""
"""A table that lies above every threshold used here: it is about the way, not about disease."""
USUAL = {
    "title": '"Foreign"',
    "intended_use": '"Tests."',
    "not_for": '["patients"]',
    "spdx": '"Apache-2.0"',
    "commercial_use": "true",
    "attribution": '"nobody"',
    "modalities": '["DX"]',
    "colour": '"grey"',
    "resize": '"stretch"',
    "intensity": '{ rule = "full" }',
    "threshold": "0.5",
    "chosen_on": '"nothing"',
    "smallest_part": "0.0",
    "text": '"none"',
    "population": '"none"',
}


def fill_in(folder: Path, values: Mapping[str, str] | None = None, *, calibrated: bool = True) -> None:
    """Write what is missing into a draft: ``values`` by key, else what the tests always say."""
    known = {**USUAL, **(values or {})}
    numbers: dict[str, int] = {}

    def written(gap: re.Match[str]) -> str:
        key = gap[1]
        numbers[key] = numbers.get(key, 0) + 1
        if key in ("code", "title") and numbers[key] > (key == "title"):
            number = numbers[key] - (key == "title")
            return f'{key} = "finding_{number}"' if key == "code" else f'{key} = "Finding {number}"'
        return f"{key} = {known[key]}"

    path = folder / "pack.toml"
    text = GAP.sub(written, path.read_text(encoding="utf-8"))
    if calibrated:
        text = text.replace(NONE, CERTAIN).replace("map_shown = false", "map_shown = true")
        text = text.replace('class = "demonstration"', 'class = "research"')
    path.write_text(text, encoding="utf-8")
    (folder / "LICENSE").write_text("Apache-2.0\n", encoding="utf-8")
