"""From trained weights to the finished `chest-pneumonia-child`.

Calibration, operating points, limits, manifest.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.calibration import Table, fit_table, mix_weights
from inference import preprocess
from training import data, pack_files, pack_folder
from training.gates import Bound, measures_of, set_limits
from training.inside_lungs import OUTSIDE, load_crops, region_input, shifted_batch
from training.lungs_pack import golden_inputs as golden_chests
from training.manifest_text import Inline
from training.networks import FindingNet, FindingPack
from training.outlines import Outlined, outline_lungs
from training.pneumonia import SIZE, STAGES, ill
from training.pneumonia_manifest import MANIFEST, ROLES
from training.scored_label import scored_label
from training.splits import calibrates

log = logging.getLogger(__name__)

BOUNDS = (
    Bound(gate="exposure", measure="contrast", low=True, high=False, slack=0.1),
    Bound(gate="plausibility", measure="mask_area", low=True, high=True, slack=0.1),
    Bound(gate="plausibility", measure="mask_balance", low=True, high=False, slack=0.2),
    Bound(gate="plausibility", measure="mask_doubt", low=False, high=True, slack=0.3),
)
TAIL = 0.002
FAMILIAR_TAIL, FAMILIAR_SLACK = 0.002, 1.1
SHIFTS = 6
"""Each calibration image is also seen this many times through other exposures and outlines.

As other machines show it.
"""
SHIFTED_WEIGHT = 0.5
"""How much the shifted views of an image count together, beside the image itself."""
CALIBRATED_AT = 0.625
"""The share ill that probabilities are stated for: the published mix of the official test set, 390 of 624.

Images kept apart for calibration are weighted to it; like all training images they have 0.74 ill.
"""
OPERATING_POINTS = {"sensitivity-95": 0.95, "sensitivity-90": 0.90}
CHOSEN_ON = "training patients kept apart"
LABEL = {
    "code": "pneumonia",
    "title": "Pneumonia",
    "coding": Inline(system="SNOMED CT", code="233604007"),
}
MAP_SHOWN = True
"""Kept true only while `make evaluate` finds the map better than chance; see the card."""


def build(weights: Path, folder: Path, lungs_folder: Path) -> None:
    """Write the pack; its card and figures are added by the evaluation."""
    network = FindingNet()
    network.load_state_dict(torch.load(weights))
    network.eval()
    pack = FindingPack(network)
    trained = [picture for picture in data.children() if not calibrates(picture)][::3]
    apart = [picture for picture in data.children() if calibrates(picture)]
    tensors = inputs_of(trained, outline_lungs(lungs_folder, trained))
    kept = apart, outline_lungs(lungs_folder, apart)
    pack.familiarity.fit(_features(network, tensors), shrinkage=0.2)
    pack_folder.write_networks(pack, FindingPack.OUTPUTS, folder, tensors[:: max(1, len(tensors) // 200)])
    tolerance = pack_folder.write_golden(folder, golden_inputs(lungs_folder), ROLES)
    pack_folder.write_licence(folder, MANIFEST["licence"])
    manifest = dict(MANIFEST)
    manifest["labels"] = [label_of(network, folder, *kept)]
    manifest["familiarity"], manifest["limits"] = limits_of(folder, *kept)
    manifest["tolerance"] = tolerance
    pack_files.write_manifest(folder, manifest)


def inputs_of(pictures: Sequence[data.Picture], outlined: Sequence[Outlined]) -> NDArray[np.float32]:
    """Prepare pictures exactly as the application does: (image, 1, row, column)."""
    regions = [
        region_input(picture, lungs.union, SIZE) for picture, lungs in zip(pictures, outlined, strict=True)
    ]
    return np.concatenate([region.tensor for region in regions if region is not None])


def label_of(
    network: FindingNet, folder: Path, pictures: Sequence[data.Picture], outlined: Sequence[Outlined]
) -> dict[str, object]:
    """Calibrate and choose operating points on training patients that the weights have not seen."""
    truth = np.array([int(picture.label != "normal") for picture in pictures])
    logits = pack_folder.outputs_of(folder / "model.int8.onnx", inputs_of(pictures, outlined))["logit"][
        :, 0
    ].astype(float)
    table = calibrated_table(network, logits, truth, pictures, outlined)
    return scored_label(
        LABEL,
        table,
        logits,
        truth,
        points=OPERATING_POINTS,
        chosen_on=CHOSEN_ON,
        prevalence=CALIBRATED_AT,
        map_shown=MAP_SHOWN,
    )


def calibrated_table(
    network: FindingNet,
    logits: NDArray[np.float64],
    truth: NDArray[np.int64],
    pictures: Sequence[data.Picture],
    outlined: Sequence[Outlined],
) -> Table:
    """Fit Venn-Abers on the images as they are and, more lightly, as other machines would show them."""
    crops = load_crops(pictures, [lungs.union for lungs in outlined], ill(pictures), SIZE)
    torch.manual_seed(5)
    shifted = [
        _logits(network, shifted_batch(crops, torch.arange(len(truth)), SIZE, STAGES[-1].lights))
        for _ in range(SHIFTS)
    ]
    every = np.concatenate([logits, *shifted])
    weights = np.concatenate([np.ones(len(truth)), np.full(SHIFTS * len(truth), SHIFTED_WEIGHT / SHIFTS)])
    mixed = np.tile(mix_weights(truth, CALIBRATED_AT), 1 + SHIFTS)
    return fit_table(every, np.tile(truth, 1 + SHIFTS), mixed * weights / (1 + SHIFTED_WEIGHT))


def limits_of(
    folder: Path, pictures: Sequence[data.Picture], outlined: Sequence[Outlined]
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Set the largest distance and the limits on training patients that the weights have not seen."""
    outputs = pack_folder.outputs_of(folder / "model.int8.onnx", inputs_of(pictures, outlined))
    far = float(np.quantile(outputs["familiarity"], 1 - FAMILIAR_TAIL))
    greys = [data.read_as_grey(picture.path) for picture in pictures]
    rows = [measures_of(grey, lungs.soft, BOUNDS) for grey, lungs in zip(greys, outlined, strict=True)]
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")}, set_limits(values, BOUNDS, tail=TAIL)


def golden_inputs(lungs_folder: Path, size: tuple[int, int] = (SIZE, SIZE)) -> NDArray[np.float32]:
    """Return synthetic inputs: the drawn chests inside their lungs, and a fill of the constant outside."""
    chests = golden_chests()[:2, 0]
    masks = pack_folder.outputs_of(lungs_folder / "model.fp32.onnx", chests[:, None])["masks"].max(1)
    tensors = []
    for chest, mask in zip(chests, masks, strict=True):
        region = preprocess.resize_stretched(mask, height=chest.shape[0], width=chest.shape[1]) >= 0.5
        prepared = preprocess.prepare_region(
            chest, region, size=size, margin=0.05, outside=OUTSIDE, low=1, high=99
        )
        assert prepared is not None
        tensors.append(prepared.tensor)
    return np.concatenate([*tensors, np.full((1, 1, *size), OUTSIDE, np.float32)])


@torch.no_grad()
def _features(network: FindingNet, tensors: NDArray[np.float32]) -> torch.Tensor:
    return torch.cat([network(torch.from_numpy(tensors[i : i + 32]))[2] for i in range(0, len(tensors), 32)])


@torch.no_grad()
def _logits(network: FindingNet, tensors: torch.Tensor) -> NDArray[np.float64]:
    parts = [network(tensors[i : i + 32])[0] for i in range(0, len(tensors), 32)]
    return torch.cat(parts).double().numpy()
