"""How `chest-tb-adult` is made: one linear layer on the lower half of the network of children's X-rays."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.calibration import fit_table
from evaluation.figures import area_under_curve
from training import augment, data, frozen_body, pack_files, pack_folder
from training.gates import Bound, measures_of, set_limits
from training.inside_lungs import Stage, load_crops, region_input
from training.networks import FindingNet, FindingPack, TextureNet
from training.outlines import Outlined, outline_lungs
from training.pneumonia_pack import BOUNDS, golden_inputs
from training.scored_label import scored_label
from training.trainer import Schedule
from training.transfer import finding_net_of
from training.tuberculosis_manifest import LABEL, MANIFEST, PACK, ROLES, SIZE

log = logging.getLogger(__name__)

LEARNED, ELSEWHERE = "Shenzhen", "Montgomery"
FOLDS, SEED = 5, 2
CHANGED_VIEWS, PENALTY = 4, 0.01
CHANGES = Stage(
    schedule=Schedule(steps=1),
    moves=augment.Geometry(turn_degrees=8, scale=0.08, aspect=0.08, shift=0.025, warp=0.01),
    lights=augment.Photometry(gamma=0.3, window=0.1, noise=0.03, blur=0.2, shading=0.15),
    holes=0.1,
)
"""What changes a view; nothing is trained in steps."""
POINTS = {"sensitivity-90": 0.9, "sensitivity-95": 0.95}
FOLDS_FILE = "folds.json"
TAIL, FAMILIAR_SLACK = 0.005, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Chests:
    """Adult chest X-rays with the lungs that `chest-lungs` finds."""

    pictures: Sequence[data.Picture]
    outlined: Sequence[Outlined]

    @property
    def truth(self) -> NDArray[np.int64]:
        """1 for tuberculosis, 0 for normal."""
        return np.array([int(picture.label == "tb") for picture in self.pictures])

    @property
    def tensors(self) -> NDArray[np.float32]:
        """The network's inputs, exactly as the application prepares them."""
        regions = [
            region_input(picture, lungs.union, SIZE)
            for picture, lungs in zip(self.pictures, self.outlined, strict=True)
        ]
        return np.concatenate([region.tensor for region in regions if region is not None])


def chests(models: Path, source: str = LEARNED) -> Chests:
    """Return the X-rays of one hospital on which lungs were found."""
    pictures = [picture for picture in data.adults_without_masks() if picture.source == source]
    outlined = outline_lungs(models / "chest-lungs", pictures)
    kept = [pair for pair in zip(pictures, outlined, strict=True) if pair[1].union.any()]
    return Chests(pictures=[pair[0] for pair in kept], outlined=[pair[1] for pair in kept])


def fold_of(patient: str) -> int:
    """Return which fold a patient belongs to."""
    return int(data.unit_hash(f"tb {patient}") * FOLDS)


def train_weights(work: Path, models: Path) -> Path:
    """Fit the folds' layers, keep what they say of their own patients, and fit the layer that ships."""
    learned = chests(models)
    torch.manual_seed(SEED)
    network = TextureNet(finding_net_of(models / "chest-pneumonia-child" / "model.fp32.onnx")).eval()
    crops = load_crops(learned.pictures, [lungs.union for lungs in learned.outlined], learned.truth, SIZE)
    plain = frozen_body.features_of(network, torch.from_numpy(learned.tensors))
    changed = frozen_body.changed_views(network, crops, CHANGES, CHANGED_VIEWS, SIZE)
    views = np.concatenate([plain[None], changed])
    _cross_validate(views, learned, work)
    _fitted(views, learned.truth, np.ones(len(learned.truth), np.bool_)).put_into(network)
    torch.save(network.state_dict(), work / "weights.pt")
    return work / "weights.pt"


def _cross_validate(views: NDArray[np.float64], learned: Chests, work: Path) -> None:
    folds = np.array([fold_of(picture.patient) for picture in learned.pictures])
    logits = np.full(len(folds), np.nan)
    for fold in range(FOLDS):
        layer = _fitted(views, learned.truth, folds != fold)
        logits[folds == fold] = layer.of(views[0][folds == fold])
        area = area_under_curve(logits[folds == fold], learned.truth[folds == fold])
        log.info("fold %d: AUC %.4f", fold, area)
    log.info("AUC %.4f over the folds", area_under_curve(logits, learned.truth))
    rows = [
        {"patient": picture.patient, "fold": int(fold), "truth": int(truth), "logit": round(float(logit), 5)}
        for picture, fold, truth, logit in zip(learned.pictures, folds, learned.truth, logits, strict=True)
    ]
    (work / FOLDS_FILE).write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


def _fitted(
    views: NDArray[np.float64], truth: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> frozen_body.Layer:
    seen = views[:, chosen]
    every = np.tile(truth[chosen], len(seen))
    return frozen_body.fitted(seen.reshape(-1, seen.shape[2]), every, penalty=PENALTY)


def build(weights: Path, models: Path) -> None:
    """Write the pack; its card and figures are added by the evaluation."""
    folder, learned = models / PACK, chests(models)
    network = TextureNet(FindingNet())
    network.load_state_dict(torch.load(weights))
    network.eval()
    pack, tensors = FindingPack(network), learned.tensors
    features = frozen_body.features_of(network, torch.from_numpy(tensors))
    pack.familiarity.fit(torch.from_numpy(features), shrinkage=0.3)
    pack_folder.write_networks(pack, FindingPack.OUTPUTS, folder, tensors[::2])
    (folder / FOLDS_FILE).write_bytes((weights.parent / FOLDS_FILE).read_bytes())
    manifest = dict(MANIFEST)
    manifest["tolerance"] = pack_folder.write_golden(
        folder, golden_inputs(models / "chest-lungs", (SIZE, SIZE)), ROLES
    )
    pack_folder.write_licence(folder, MANIFEST["licence"])
    manifest["labels"] = [_label(folder)]
    manifest["familiarity"], manifest["limits"] = _limits(folder, learned, tensors)
    pack_files.write_manifest(folder, manifest)


def folds_kept(folder: Path) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return patient, fold, truth and logit of each image, from networks that had not seen the patient."""
    rows = json.loads((folder / FOLDS_FILE).read_text(encoding="utf-8"))
    return (
        [row["patient"] for row in rows],
        np.array([row["fold"] for row in rows]),
        np.array([row["truth"] for row in rows]),
        np.array([row["logit"] for row in rows], dtype=np.float64),
    )


def _label(folder: Path) -> dict[str, object]:
    """Calibrate on what the folds' networks said of patients that they had not seen."""
    _, _, truth, logits = folds_kept(folder)
    return scored_label(
        LABEL,
        fit_table(logits, truth),
        logits,
        truth,
        points=POINTS,
        chosen_on=f"{LEARNED}: {len(truth)} patients, each by the layer (FP32) of a fold without them",
        prevalence=round(float(truth.mean()), 3),
        map_shown=True,
    )


def _limits(
    folder: Path, learned: Chests, tensors: NDArray[np.float32]
) -> tuple[dict[str, object], list[dict[str, object]]]:
    outputs = pack_folder.outputs_of(folder / "model.int8.onnx", tensors)
    far = float(np.quantile(outputs["familiarity"], 1 - TAIL))
    bounds: tuple[Bound, ...] = BOUNDS
    rows = [
        measures_of(data.read_as_grey(picture.path), lungs.soft, bounds)
        for picture, lungs in zip(learned.pictures, learned.outlined, strict=True)
    ]
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")}, set_limits(values, bounds, tail=TAIL)
