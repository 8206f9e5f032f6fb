"""Train one pack from the data folder to the finished folder: `python -m training.train PACK`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PACKS = ("chest-lungs", "chest-pneumonia-child")


def main() -> int:
    """Run the recipe; weights and logs stay in the work folder, the pack goes to `models/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=PACKS)
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="weights and checkpoints")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--weights", type=Path, help="build the pack from these weights instead of training")
    parser.add_argument("--resume", action="store_true", help="take finished stages from the work folder")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work: Path = arguments.work / arguments.pack
    work.mkdir(parents=True, exist_ok=True)
    folder: Path = arguments.models / arguments.pack
    if arguments.pack == "chest-lungs":
        from training import lungs, lungs_pack

        lungs_pack.build(arguments.weights or lungs.train_weights(work, resume=arguments.resume), folder)
    else:
        from training import pneumonia, pneumonia_pack

        lungs_folder = arguments.models / "chest-lungs"
        weights = arguments.weights or pneumonia.train_weights(work, lungs_folder, resume=arguments.resume)
        pneumonia_pack.build(weights, folder, lungs_folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
