"""The INT8 networks of the heart's folds, and what the application measures with them; torch-free.

They are kept here, not in the pack: nobody is to be read with them. Each takes the place of the shipped
network in a copy of the pack, and is asked about the patients of its fold.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from inference.manifest import MODEL_NAMES
from training.cine_folds import Heart
from training.cine_manifest import PACK
from training.cine_patients import FOLDS, CinePatient, in_fold
from training.measure_cine import Asked, ask_all, hearts
from training.pack_files import write_manifest

FOLDER = Path(__file__).parent / "folds" / PACK
_FAMILIARITY = "familiarity.json"


def network_file(number: int) -> Path:
    """Return the file of a fold's network."""
    return FOLDER / f"fold-{number}.int8.onnx"


def write_familiarity(maxima: Mapping[int, float]) -> None:
    """Keep how far from what it learned each network still speaks."""
    text = json.dumps({str(number): maximum for number, maximum in maxima.items()}, indent=1)
    (FOLDER / _FAMILIARITY).write_text(text + "\n", encoding="utf-8")


def hearts_of_folds(models: Path, everyone: Sequence[CinePatient]) -> list[Heart]:
    """Return what the application measures of each fold's patients with its network."""
    maxima = json.loads((FOLDER / _FAMILIARITY).read_text(encoding="utf-8"))
    found: list[Heart] = []
    for number in range(1, FOLDS):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(shutil.copytree(models / PACK, Path(place) / PACK))
            shutil.copyfile(network_file(number), folder / MODEL_NAMES["int8"])
            manifest = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
            manifest["familiarity"] = {"maximum": maxima[str(number)]}
            write_manifest(folder, {name: value for name, value in manifest.items() if name != "files"})
            asked = [patient for patient in everyone if in_fold(number, patient)]
            found += hearts(ask_all(Asked(Path(place)), asked))
    return found
