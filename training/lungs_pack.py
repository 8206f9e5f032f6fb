"""From trained weights to the finished `chest-lungs`.

Distance, both precisions, limits, golden inputs, manifest.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference import preprocess
from training import data, drawn_strangers, pack_files, pack_folder, sample_xray
from training.gates import Bound, measures_of, set_limits
from training.lungs import HIGH, LOW, SIZE
from training.lungs_manifest import MANIFEST, ROLES, SENSES, TURNS
from training.networks import LungNet, LungPack
from training.splits import held_out

log = logging.getLogger(__name__)

BOUNDS = (
    Bound(gate="exposure", measure="contrast", low=True, high=False, slack=0.1),
    Bound(gate="exposure", measure="dark_fraction", low=False, high=True, slack=0.25),
    Bound(gate="exposure", measure="bright_fraction", low=False, high=True, slack=1.0),
    Bound(gate="sharpness", measure="sharpness", low=True, high=False, slack=0.25),
    Bound(gate="sharpness", measure="noise", low=False, high=True, slack=0.5),
    Bound(gate="sharpness", measure="aspect", low=False, high=True, slack=0.1),
    Bound(gate="plausibility", measure="mask_area", low=True, high=True, slack=0.1),
    Bound(gate="plausibility", measure="mask_balance", low=True, high=False, slack=0.2),
    Bound(gate="plausibility", measure="mask_confidence", low=True, high=False, slack=0.2),
    Bound(gate="plausibility", measure="mask_doubt", low=False, high=True, slack=0.3),
    Bound(gate="plausibility", measure="mask_edge", low=False, high=True, slack=0.3),
    Bound(gate="plausibility", measure="mask_solidity", low=True, high=False, slack=0.2),
    Bound(gate="plausibility", measure="mask_height", low=True, high=False, slack=0.2),
    Bound(gate="plausibility", measure="mask_width", low=True, high=False, slack=0.2),
)
SHORTEST_SIDE = 96
"""Pixels below which a chest X-ray is no picture to outline; the smallest that was trained on has 128."""
TAIL = 0.001
FAMILIAR_SLACK = 1.25
SHARES = (0.4, 0.2, 0.15, 0.25)
"""How much each population counts for the distance, so that the few adults are familiar too."""
MINIMUM_PROBABILITY, CORRECT_PROBABILITY = 0.8, 0.97


def gate_populations() -> list[list[data.Picture]]:
    """Return training patients' pictures.

    Children stretched, children at true aspect, two sources of adults.
    """
    sets = (
        data.children()[::4],
        data.chests_with_true_aspect("kermany")[::2],
        data.chests_with_true_aspect("cohen-ccby-adult"),
        data.adults_without_masks(),
    )
    return [[picture for picture in pictures if not held_out(picture)] for pictures in sets]


def build(weights: Path, folder: Path) -> None:
    """Write the pack; its card and figures are added by the evaluation."""
    network = LungNet()
    network.load_state_dict(torch.load(weights))
    network.eval()
    pack = LungPack(network)
    populations = gate_populations()
    greys = [[data.read_as_grey(p.path) for p in pictures] for pictures in populations]
    tensors = [np.concatenate([tensor_of(grey) for grey in part]) for part in greys]
    pack.familiarity.fit(*_features(network, tensors), shrinkage=0.2)
    sample = np.concatenate([part[:: max(1, len(part) // 50)][:50] for part in tensors])
    pack_folder.write_networks(pack, LungPack.OUTPUTS, folder, sample)
    tolerance = pack_folder.write_golden(folder, golden_inputs(), ROLES)
    pack_folder.write_licence(folder, MANIFEST["licence"])
    manifest = dict(MANIFEST)
    manifest["sense"] = {
        "classes": SENSES,
        "minimum_probability": MINIMUM_PROBABILITY,
        "may_correct": [*TURNS, "inverted", *(f"inverted-{turn}" for turn in TURNS)],
        "correct_probability": CORRECT_PROBABILITY,
    }
    manifest["familiarity"], manifest["limits"] = limits_of(folder, greys, tensors)
    manifest["tolerance"] = tolerance
    pack_files.write_manifest(folder, manifest)


def limits_of(
    folder: Path, greys: list[list[NDArray[np.float32]]], tensors: list[NDArray[np.float32]]
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Set the largest distance and the limits from what the INT8 network says of training patients."""
    outputs = [pack_folder.outputs_of(folder / "model.int8.onnx", part) for part in tensors]
    far = max(float(np.quantile(part["familiarity"], 1 - TAIL)) for part in outputs)
    pictures = [grey for part in greys for grey in part]
    masks = np.concatenate([part["masks"] for part in outputs])
    rows = [measures_of(grey, mask, BOUNDS) for grey, mask in zip(pictures, masks, strict=True)]
    limits = set_limits({key: np.array([row[key] for row in rows]) for key in rows[0]}, BOUNDS, tail=TAIL)
    limits.insert(0, {"gate": "sharpness", "measure": "short_side", "minimum": float(SHORTEST_SIDE)})
    return {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")}, limits


def golden_inputs() -> NDArray[np.float32]:
    """Return synthetic inputs (image, 1, SIZE, SIZE): drawn chests, a turned one, and a stranger."""
    drawn = [sample_xray.draw_chest(seed, size=256) for seed in (101, 102)]
    drawn += [
        np.ascontiguousarray(np.rot90(drawn[0])),
        np.asarray(next(drawn_strangers.drawn_skulls(1)) / np.float32(255), dtype=np.float32),
    ]
    return np.concatenate([tensor_of(grey) for grey in drawn])


def tensor_of(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prepare a picture exactly as the application does."""
    return preprocess.prepare_whole(grey, size=(SIZE, SIZE), low=LOW, high=HIGH)


@torch.no_grad()
def _features(network: LungNet, tensors: list[NDArray[np.float32]]) -> tuple[torch.Tensor, torch.Tensor]:
    features, weights = [], []
    for part, weight in zip(tensors, SHARES, strict=True):
        values = [network(torch.from_numpy(part[i : i + 32]))[2] for i in range(0, len(part), 32)]
        features.append(torch.cat(values))
        weights.append(torch.full((len(part),), weight / len(part)))
    return torch.cat(features), torch.cat(weights)
