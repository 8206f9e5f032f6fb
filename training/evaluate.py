"""Measure a pack again and compare with its card, or write its card: `python -m training.evaluate PACK`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.plot import reliability_png
from training.card import RELIABILITY
from training.card_speed import kept_speed
from training.pack_files import facts_of, replace_manifest_figures
from training.recipe import Recipe, pack_ids, recipe_of
from training.reproduced import card_is_current, report


def main() -> int:
    """Measure through the application's code, and say whether all that the card prints is reproduced.

    With `--write` put what was measured into the pack; with `--card` write the card from what was kept.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=pack_ids())
    parser.add_argument("--models", type=Path, default=Path("models"))
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--write", action="store_true", help="write figures.json, card.md and the manifest's figures"
    )
    what.add_argument(
        "--card",
        action="store_true",
        help="measure nothing; write card.md, reliability.png and the manifest's figures from figures.json",
    )
    arguments = parser.parse_args()
    folder: Path = arguments.models / arguments.pack
    recipe = recipe_of(arguments.pack)
    if arguments.card:
        write_card(folder, recipe, kept_figures(folder))
        return 0
    kept, started = kept_figures(folder), time.monotonic()
    measured = {"pack": facts_of(folder), **recipe.measure(arguments.models), **kept_speed(kept)}
    text = json.dumps(measured, indent=1) + "\n"
    print(text)
    print(f"measured in {time.monotonic() - started:.0f} s", file=sys.stderr)
    if arguments.write:
        (folder / "figures.json").write_text(text, encoding="utf-8")
        write_card(folder, recipe, measured)
        return 0
    current = card_is_current(folder, recipe.card(kept))
    return report(kept, measured) if current else 1


def kept_figures(folder: Path) -> dict[str, Any]:
    """Return what a pack's card was written from; nothing where it was never measured."""
    file = folder / "figures.json"
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def write_card(folder: Path, recipe: Recipe, measured: Mapping[str, Any]) -> None:
    """Write card and reliability plot from figures, and the figures that the manifest repeats."""
    card = recipe.card(dict(measured))
    (folder / "card.md").write_text(card, encoding="utf-8")
    if (plot := measured.get("reliability")) and RELIABILITY in card:
        (folder / RELIABILITY).write_bytes(reliability_png(plot, folder.name))
    replace_manifest_figures(folder, measured)


if __name__ == "__main__":
    sys.exit(main())
