"""Train one pack from the data folder to the finished folder: `python -m training.train PACK`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from training.recipe import pack_ids, recipe_of


def main() -> int:
    """Run the recipe; weights and logs stay in the work folder, the pack goes to `models/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=pack_ids())
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="weights and checkpoints")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--weights", type=Path, help="build the pack from these weights instead of training")
    parser.add_argument("--resume", action="store_true", help="take finished stages from the work folder")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work: Path = arguments.work / arguments.pack
    work.mkdir(parents=True, exist_ok=True)
    recipe = recipe_of(arguments.pack)
    weights = arguments.weights or recipe.train(work, arguments.models, arguments.resume)
    recipe.build(weights, arguments.models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
