"""From trained weights to the finished pack of a recipe of whole pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.calibration import fit_table
from training import pack_files, pack_folder
from training.classify import Classifier, tensor_of, tensors_of
from training.gates import measures_of, set_limits
from training.networks import PictureNet, PicturePack
from training.samples import Sample, as_grey, parts_of, truth_of
from training.scored_label import scored_label

log = logging.getLogger(__name__)

MOST_FAMILIAR, MOST_FOR_RANGES = 1500, 200
"""Training pictures that the distance, and the INT8 ranges, are set on."""
TAIL, FAMILIAR_SLACK = 0.005, 1.2
_NO_MASKS = np.zeros((1, 1, 1), np.float32)


def build(recipe: Classifier, weights: Path, folder: Path) -> None:
    """Write the pack; its card and figures are added by the evaluation."""
    network = PictureNet(recipe.widths)
    network.load_state_dict(torch.load(weights))
    network.eval()
    parts = parts_of(recipe.samples(), recipe.part_of)
    trained = tensors_of(recipe, thinned(parts["train"], MOST_FAMILIAR))
    pack = PicturePack(network)
    pack.familiarity.fit(_features(network, trained), shrinkage=0.2)
    pack_folder.write_networks(
        pack, PicturePack.OUTPUTS, folder, trained[:: max(1, len(trained) // MOST_FOR_RANGES)]
    )
    golden = np.concatenate([tensor_of(recipe, as_grey(g)) for g in recipe.golden()])
    roles = recipe.manifest["output"]
    tolerance = pack_folder.write_golden(folder, golden, roles)
    pack_folder.write_licence(folder, recipe.manifest["licence"])
    apart = parts["calibrate"]
    outputs = pack_folder.outputs_of(folder / "model.int8.onnx", tensors_of(recipe, apart))
    manifest = dict(recipe.manifest)
    manifest["labels"] = [_label(recipe, outputs["logits"][:, 0].astype(float), apart)]
    far = float(np.quantile(outputs["familiarity"], 1 - TAIL))
    manifest["familiarity"] = {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")}
    manifest["limits"] = _limits(recipe, apart)
    manifest["tolerance"] = tolerance
    pack_files.write_manifest(folder, manifest)


def thinned(samples: list[Sample], most: int) -> list[Sample]:
    """Return at most `most` samples, evenly chosen."""
    if len(samples) <= most:
        return samples
    return [samples[int(i)] for i in np.linspace(0, len(samples) - 1, most)]


def _label(recipe: Classifier, logits: NDArray[np.float64], apart: Sequence[Sample]) -> dict[str, object]:
    """Calibrate, and choose operating points, on samples that neither trained nor give figures."""
    truth = truth_of(apart)
    return scored_label(
        recipe.label,
        fit_table(logits, truth),
        logits,
        truth,
        points=recipe.points,
        chosen_on=f"{recipe.family} that calibrate ({len({sample.unit for sample in apart})})",
        prevalence=round(float(truth.mean()), 3),
        map_shown=True,
    )


def _limits(recipe: Classifier, samples: list[Sample]) -> list[dict[str, object]]:
    rows = [measures_of(sample.values, _NO_MASKS, recipe.bounds) for sample in samples]
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return set_limits(values, recipe.bounds, tail=TAIL)


@torch.no_grad()
def _features(network: PictureNet, tensors: NDArray[np.float32]) -> torch.Tensor:
    return torch.cat([network(torch.from_numpy(tensors[i : i + 64]))[3] for i in range(0, len(tensors), 64)])
