"""From trained weights to the finished `cardiac-cine`: both precisions, distance, golden inputs."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.image import CineSlice, CineStack, CineVolume
from inference.cine import Frame, network_input
from inference.input_reader import read_input
from inference.manifest import MODEL_NAMES, InputSpec
from inference.strict_table import Problems, StrictTable
from training import cine_fold_networks, cine_folds, pack_files, pack_folder
from training.cine_manifest import LICENCE, MANIFEST, PACK, ROLES, SIZE, SPACING_MM, measurements
from training.cine_network import CineNet, CinePack
from training.cine_patients import FOLDS, CinePatient, held_out, in_fold, patients
from training.cine_training import fold_weights

log = logging.getLogger(__name__)

FAMILIAR_SLACK = 1.3
CALIBRATION_IMAGES = 160


def build(weights: Path, models: Path) -> None:
    """Write the pack in `models`; the intervals' widths come from the patients of the folds.

    The folds' networks are written anew where their weights lie beside `weights`; else those that are kept
    are asked.

    Raises:
        FileNotFoundError: the weights of some folds are there, and not those of others.
    """
    everyone = patients()
    there = [number for number in range(1, FOLDS) if fold_weights(weights.parent, number).is_file()]
    if there and len(there) < FOLDS - 1:
        raise FileNotFoundError(
            f"of the folds' weights only {there} lie beside {weights.name}: train the others"
        )
    if there:
        _keep_fold_networks(weights.parent, everyone)
    else:
        log.warning("no weights of folds beside %s: the kept networks are asked", weights.name)
    folder, manifest = _write_networks(weights, models, everyone, held_out)
    pack_files.write_manifest(folder, {**manifest, "measurements": measurements({})})
    found = cine_fold_networks.hearts_of_folds(models, everyone)
    cine_folds.write_hearts(found, folder / cine_folds.FILE)
    widths = cine_folds.widths_of(found)
    log.info("half widths: %s", widths)
    pack_files.write_manifest(folder, {**manifest, "measurements": measurements(widths)})


def _keep_fold_networks(work: Path, everyone: Sequence[CinePatient]) -> None:
    """Write the folds' networks from their trained weights."""
    cine_fold_networks.FOLDER.mkdir(parents=True, exist_ok=True)
    maxima = {}
    for number in range(1, FOLDS):
        with tempfile.TemporaryDirectory() as models:
            apart = partial(in_fold, number)
            folder, manifest = _write_networks(fold_weights(work, number), Path(models), everyone, apart)
            shutil.copyfile(folder / MODEL_NAMES["int8"], cine_fold_networks.network_file(number))
            familiarity = manifest["familiarity"]
            assert isinstance(familiarity, dict)
            maxima[number] = float(familiarity["maximum"])
    cine_fold_networks.write_familiarity(maxima)
    pack_folder.write_licence(cine_fold_networks.FOLDER, LICENCE, "fold-N.int8.onnx")


def _write_networks(
    weights: Path, models: Path, everyone: Sequence[CinePatient], apart: Callable[[CinePatient], bool]
) -> tuple[Path, dict[str, object]]:
    """Write both precisions, golden inputs and licence; return the folder and what the manifest will say.

    `apart` tells whom the weights have not seen.
    """
    folder = models / PACK
    network = CineNet()
    network.load_state_dict(torch.load(weights))
    network.eval()
    pack = CinePack(network)
    spec = input_spec()
    seen = [tensors_of(patient, spec) for patient in everyone if not apart(patient)]
    sample = np.concatenate(seen)
    pack.familiarity.fit(_features(network, sample), shrinkage=0.4)
    sample = sample[:: max(1, len(sample) // CALIBRATION_IMAGES)]
    pack_folder.write_networks(pack, CinePack.OUTPUTS, folder, sample)
    tolerance = pack_folder.write_golden(folder, golden_inputs(), ROLES)
    pack_folder.write_licence(folder, LICENCE)
    far = max(
        float(np.median(pack_folder.outputs_of(folder / "model.int8.onnx", part)["familiarity"]))
        for part in seen
    )
    maximum = float(f"{far * FAMILIAR_SLACK:.4g}")
    return folder, {**MANIFEST, "familiarity": {"maximum": maximum}, "tolerance": tolerance}


def input_spec() -> InputSpec:
    """Return what the manifest says of the network's input, as the application reads it."""
    values = MANIFEST["input"]
    assert isinstance(values, dict)
    return read_input(StrictTable(values, "input", Problems()))


def tensors_of(patient: CinePatient, spec: InputSpec) -> NDArray[np.float32]:
    """Return the middle slices of both phases, (image, 3, SIZE, SIZE), as the application prepares them."""
    volume = volume_of(patient)
    middle = np.argwhere(np.stack(patient.labels) > 0).mean(0)[2:] + 0.5
    frame = Frame(
        middle_mm=(float(middle[0]) * patient.spacing_mm, float(middle[1]) * patient.spacing_mm),
        spacing_mm=SPACING_MM,
    )
    slices = len(volume.frames)
    chosen = range(max(0, slices // 2 - 2), min(slices, slices // 2 + 3))
    return np.stack(
        [network_input(volume, number, phase, frame, spec) for number in chosen for phase in (0, 1)]
    )


def volume_of(patient: CinePatient) -> CineVolume:
    """Return a patient's two phases as the application holds them."""
    frames = np.stack(patient.images, axis=1).astype(np.float32)
    low, high = frames.min((2, 3), keepdims=True), frames.max((2, 3), keepdims=True)
    steps = np.rint((frames - low) / np.maximum(high - low, 1) * 65535).astype(np.uint16)
    distance = patient.slice_distance_mm
    stack = CineStack(
        slices=tuple(
            CineSlice(images=(2 * number, 2 * number + 1), position_mm=number * distance)
            for number in range(len(steps))
        ),
        pixel_spacing_mm=(patient.spacing_mm, patient.spacing_mm),
        slice_distance_mm=distance,
    )
    return CineVolume(stack=stack, frames=steps, refs=tuple((None, None) for _ in steps))


def golden_inputs() -> NDArray[np.float32]:
    """Return drawn hearts (image, 3, SIZE, SIZE): rings beside a crescent, and an empty one."""
    rng = np.random.default_rng(2026)
    down, across = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    drawn = []
    for radius in (9.0, 14.0, 19.0):
        planes = []
        for factor in (1.1, 1.0, 0.85):
            far = np.hypot(down - 64, across - 68)
            right = np.hypot(down - 62, across - 68 + 1.9 * radius)
            plane = 0.25 + 0.08 * rng.standard_normal((SIZE, SIZE)).astype(np.float32)
            plane[right < 1.5 * radius * factor] = 0.85
            plane[far < 1.5 * radius * factor] = 0.2
            plane[far < radius * factor] = 0.95
            planes.append(plane)
        drawn.append(np.stack(planes))
    drawn.append(np.zeros((3, SIZE, SIZE), np.float32))
    return np.clip(np.stack(drawn), 0, 1).astype(np.float32)


@torch.no_grad()
def _features(network: CineNet, tensors: NDArray[np.float32]) -> torch.Tensor:
    parts = [network(torch.from_numpy(tensors[i : i + 32]))[2] for i in range(0, len(tensors), 32)]
    return torch.cat(parts)
