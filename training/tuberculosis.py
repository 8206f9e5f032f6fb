"""How `chest-tb-adult` is made: one linear layer on the lower half of the network of children's X-rays."""

from __future__ import annotations

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
from training.fold_layers import FILE, Layer, features_in, kept_layers, logits_without, write_layers
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
TAIL, FAMILIAR_SLACK = 0.005, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Chests:
    """Adult chest X-rays with the lungs that `chest-lungs` finds."""

    pictures: Sequence[data.Picture]
    outlined: Sequence[Outlined]

    @property
    def patients(self) -> list[str]:
        """Whose they are."""
        return [picture.patient for picture in self.pictures]

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


def folds_of(patients: Sequence[str]) -> NDArray[np.int64]:
    """Return which fold each patient belongs to."""
    return np.array([int(data.unit_hash(f"tb {patient}") * FOLDS) for patient in patients])


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
    shipped = _fitted(views, learned.truth, np.ones(len(learned.truth), np.bool_))
    frozen_body.put_into(shipped, network)
    torch.save(network.state_dict(), work / "weights.pt")
    return work / "weights.pt"


def _cross_validate(views: NDArray[np.float64], learned: Chests, work: Path) -> None:
    folds, layers = folds_of(learned.patients), []
    for fold in range(FOLDS):
        asked = folds == fold
        layers.append(_fitted(views, learned.truth, ~asked))
        area = area_under_curve(layers[-1].of(views[0][asked]), learned.truth[asked])
        log.info("fold %d: AUC %.4f", fold, area)
    area = area_under_curve(logits_without(layers, folds, views[0]), learned.truth)
    log.info("AUC %.4f over the folds", area)
    write_layers(layers, work)


def _fitted(views: NDArray[np.float64], truth: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Layer:
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
    (folder / FILE).write_bytes((weights.parent / FILE).read_bytes())
    manifest = dict(MANIFEST)
    manifest["tolerance"] = pack_folder.write_golden(
        folder, golden_inputs(models / "chest-lungs", (SIZE, SIZE)), ROLES
    )
    pack_folder.write_licence(folder, MANIFEST["licence"])
    manifest["labels"] = [_label(folder, learned, tensors)]
    manifest["familiarity"], manifest["limits"] = _limits(folder, learned, tensors)
    pack_files.write_manifest(folder, manifest)


def _label(folder: Path, learned: Chests, tensors: NDArray[np.float32]) -> dict[str, object]:
    """Calibrate on what the folds' layers say, on the INT8 body, of patients that they had not seen."""
    features = features_in(folder, tensors, "onnxruntime", "int8")
    logits, truth = logits_without(kept_layers(folder), folds_of(learned.patients), features), learned.truth
    return scored_label(
        LABEL,
        fit_table(logits, truth),
        logits,
        truth,
        points=POINTS,
        chosen_on=f"{LEARNED}: {len(truth)} patients, cross-validated",
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
