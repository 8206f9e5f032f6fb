"""Measure a pack again and write its card: `python -m training.evaluate PACK`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from training import card, measure_lungs, measure_pneumonia
from training.pack_files import facts_of, replace_manifest_figures

MEASURES = {"chest-lungs": measure_lungs.measure, "chest-pneumonia-child": measure_pneumonia.measure}
CARDS = {"chest-lungs": card.lungs_card, "chest-pneumonia-child": card.pneumonia_card}


def main() -> int:
    """Measure through the application's code.

    Print the figures, and with `--write` put them into the pack.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=sorted(MEASURES))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument(
        "--write", action="store_true", help="write figures.json, card.md and the manifest's figures"
    )
    arguments = parser.parse_args()
    folder: Path = arguments.models / arguments.pack
    started = time.monotonic()
    measured = {"pack": facts_of(folder), **MEASURES[arguments.pack](arguments.models)}
    text = json.dumps(measured, indent=1) + "\n"
    print(text)
    print(f"measured in {time.monotonic() - started:.0f} s", file=sys.stderr)
    if arguments.write:
        (folder / "figures.json").write_text(text, encoding="utf-8")
        (folder / "card.md").write_text(CARDS[arguments.pack](measured), encoding="utf-8")
        replace_manifest_figures(folder, measured)
        return 0
    return _compared(folder, measured)


def _compared(folder: Path, measured: dict[str, object]) -> int:
    """Say whether the figures are those of the card."""
    kept = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    same = kept["figures"] == json.loads(json.dumps(measured))["figures"]
    print(
        "the card's figures are reproduced" if same else "the figures differ from the card's", file=sys.stderr
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
