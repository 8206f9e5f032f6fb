"""From trained weights to the finished `cardiac-cine`: both precisions, distance, golden inputs."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.image import CineSlice, CineStack, CineVolume
from inference.cine import Frame, network_input
from inference.input_reader import read_input
from inference.manifest import InputSpec
from inference.strict_table import Problems, StrictTable
from training import pack_files, pack_folder
from training.cine_manifest import LICENCE, MANIFEST, PACK, ROLES, measurements
from training.cine_network import CineNet, CinePack
from training.cine_patients import CinePatient, held_out, patients
from training.cine_training import SIZE, SPACING_MM

log = logging.getLogger(__name__)

FAMILIAR_SLACK = 1.3
CALIBRATION_IMAGES = 160


def build(weights: Path, models: Path) -> None:
    """Write the pack in `models`; the intervals' widths come from held-out patients."""
    from training.measure_cine import Asked, ask_all, errors_of

    folder = models / PACK
    network = CineNet()
    network.load_state_dict(torch.load(weights))
    network.eval()
    pack = CinePack(network)
    everyone = patients()
    spec = input_spec()
    seen = [tensors_of(patient, spec) for patient in everyone if not held_out(patient)]
    features = _features(network, np.concatenate(seen))
    pack.familiarity.fit(features, shrinkage=0.4)
    sample = np.concatenate(seen)
    sample = sample[:: max(1, len(sample) // CALIBRATION_IMAGES)]
    pack_folder.write_networks(pack, CinePack.OUTPUTS, folder, sample)
    tolerance = pack_folder.write_golden(folder, golden_inputs(), ROLES)
    pack_folder.write_licence(folder, LICENCE)
    far = max(
        float(np.median(pack_folder.outputs_of(folder / "model.int8.onnx", part)["familiarity"]))
        for part in seen
    )
    manifest: dict[str, object] = {
        **MANIFEST,
        "familiarity": {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")},
        "tolerance": tolerance,
        "measurements": measurements({}),
    }
    pack_files.write_manifest(folder, manifest)
    kept = [patient for patient in everyone if held_out(patient)]
    errors = errors_of(ask_all(Asked(models), kept))
    log.info("half widths: %s", errors)
    pack_files.write_manifest(folder, {**manifest, "measurements": measurements(errors)})


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
