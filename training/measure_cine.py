"""Measure `cardiac-cine` on patients and studies that its weights have not seen, through the application.

Torch-free. Each patient becomes a NIfTI file of two phases, which the application reads as any other.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.image import ReadingUnit
from core.result import EngineName, PackResult, Precision
from evaluation.figures import Figure, dice, measured
from imaging.scan import scan_paths
from inference.packs import PackLibrary
from measure.ventricles import LEFT, RIGHT
from services.analyze import AnalysisOptions, Analyzer
from training import strangers as strangers_of
from training.cine_folds import (
    FILE,
    Heart,
    coverage,
    fold_figures,
    kept_hearts,
    largest_difference,
    refused_row,
)
from training.cine_manifest import NUMBERS, PACK
from training.cine_patients import STRUCTURES, CinePatient, held_out, patients, truth_of
from training.data import data_folder
from training.stranger_sets import chest_kinds
from training.through_application import COMBINATIONS

POPULATION = "ACDC patients kept apart, seen when training was ended"
ALL = f"{POPULATION}, all"
TURNED = f"{POPULATION}, turned by 180 degrees"
CROSSED = "ACDC patients measured, cross-validated"
OF_FOLDS = "the other ACDC patients, by the networks of the folds"
SUNNYBROOK = {"SC-HF-I-1": 26.2, "SC-HF-I-4": 21.8}
"""EF in % from the contours that come with the studies (method of discs)."""
THIRDS = ("base", "middle", "apex")
Bool = NDArray[np.bool_]
_SLICES, _STACKS = 10, 8
"""Of the stacks of other packs' images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One patient: what the pack said, and the truth."""

    patient: CinePatient
    result: PackResult
    truth: dict[str, float]

    @property
    def refused_by(self) -> str | None:
        """The gate that refuses, or None where the pack speaks."""
        if self.result.status == "ok":
            return None
        return self.result.refusal.gate if self.result.refusal else self.result.status

    @property
    def values(self) -> dict[str, float]:
        """The numbers by code; empty where the pack refused."""
        return {one.code: one.value for one in self.result.measurements}


class Asked:
    """The application with one pack, in one engine and precision."""

    def __init__(self, models: Path, engine: EngineName = "openvino", precision: Precision = "int8") -> None:
        options = AnalysisOptions(packs=(PACK,), engine=engine, precision=precision, threads=1)
        self._analyzer = Analyzer(options, library=PackLibrary((models,)))

    def of_file(self, path: Path) -> PackResult:
        """Return what the pack says of the one unit in a file or folder.

        Raises:
            RuntimeError: the file cannot be read, or holds several units.
        """
        units = list(scan_paths([path]))
        if len(units) != 1 or not isinstance(units[0], ReadingUnit):
            raise RuntimeError(f"{path.name} is not one unit")
        return self._analyzer.analyze(units[0]).result.results[0]


def write_patient(patient: CinePatient, path: Path, *, turned: bool = False) -> None:
    """Write both phases as NIfTI; `turned` places them so that the application shows them by 180 degrees."""
    nibabel: Any = import_module("nibabel")
    sign = 1.0 if turned else -1.0
    spacing = patient.spacing_mm
    affine = np.diag([sign * spacing, sign * spacing, patient.slice_distance_mm, 1.0])
    volume = np.stack(patient.images).transpose(3, 2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(volume, affine), path)


def ask_all(asked: Asked, chosen: Sequence[CinePatient], *, turned: bool = False) -> list[Measured]:
    """Return what the pack says of patients, each read from a file."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for patient in chosen:
            path = Path(folder) / f"{patient.name}.nii"
            write_patient(patient, path, turned=turned)
            found.append(Measured(patient=patient, result=asked.of_file(path), truth=truth_of(patient)))
    return found


def hearts(found: Sequence[Measured]) -> list[Heart]:
    """Return what was measured of patients as the folds keep it."""
    return [
        Heart(
            patient=one.patient,
            values={} if one.refused_by else one.values,
            overlaps={}
            if one.refused_by
            else {name: tuple(_overlaps(one, value)) for name, value in STRUCTURES.items()},
            refused=one.refused_by,
        )
        for one in found
    ]


def measure(models: Path) -> dict[str, Any]:
    """Return every figure of the card."""
    from training import cine_fold_networks

    chosen = [patient for patient in patients() if held_out(patient)]
    usual = ask_all(Asked(models), chosen)
    turned = ask_all(Asked(models), chosen, turned=True)
    others = [patient for patient in patients() if not held_out(patient)]
    figures = [*dice_figures(usual), *number_figures(usual), *_baseline(usual, others)]
    figures += number_figures(turned, TURNED)[:1]
    of_folds = cine_fold_networks.hearts_of_folds(models, others)
    kept = kept_hearts(models / PACK / FILE, others)
    crossed = [*hearts(usual), *of_folds]
    over_folds = fold_figures(crossed, CROSSED)
    return {
        "patients": {"trained": len(others), "held_out": len(chosen), "crossed": len(crossed)},
        "figures": [figure.as_table() for figure in figures],
        "over_folds": [figure.as_table() for figure in over_folds],
        "manifest_figures": [figure.as_table() for figure in _shown(over_folds, figures)],
        "coverage": coverage(crossed),
        "largest_difference_from_kept": largest_difference(of_folds, kept),
        "engines": _engines(models, chosen),
        "refused": {
            POPULATION: refusals([one.result for one in usual]),
            TURNED: refusals([one.result for one in turned]),
            OF_FOLDS: refused_row(of_folds),
        },
        "refused_turned": [one.patient.name for one in turned if one.result.status != "ok"],
        "strangers": strangers(models),
        "sunnybrook": sunnybrook(models),
    }


def dice_figures(found: Sequence[Measured]) -> list[Figure]:
    """Return Dice of each structure through the stack, and of thirds of the ventricle apart."""
    answered = [one for one in found if one.result.status == "ok"]
    names = [one.patient.name for one in answered for _ in range(2)]
    figures = []
    for structure, value in STRUCTURES.items():
        overlaps = np.array([overlap for one in answered for overlap in _overlaps(one, value)])
        for metric, statistic in (("median Dice", np.median), ("mean Dice", np.mean)):
            figures.append(_figure(f"{POPULATION}, {structure}, all", metric, names, overlaps, statistic))
        for phase, words in enumerate(("end-diastole", "end-systole")):
            part = overlaps[phase::2]
            figures.append(
                _figure(f"{POPULATION}, {structure}, {words}", "mean Dice", names[::2], part, np.mean)
            )
        thirds = np.array([row for one in answered for row in _thirds(one, value)])
        for third, words in enumerate(THIRDS):
            part = thirds[:, third]
            kept = ~np.isnan(part)
            who = [name for name, there in zip(names, kept, strict=True) if there]
            figures.append(
                _figure(f"{POPULATION}, {structure}, {words}", "mean Dice", who, part[kept], np.mean)
            )
    return figures


def number_figures(found: Sequence[Measured], population: str = ALL) -> list[Figure]:
    """Return for each number how far it lies from the reference on average, with its sign apart."""
    answered = [one for one in found if one.result.status == "ok"]
    names = [one.patient.name for one in answered]
    figures = []
    for code, title, unit in NUMBERS:
        off = np.array([one.values.get(code, math.nan) - one.truth[code] for one in answered])
        kept = ~np.isnan(off)
        who = [name for name, there in zip(names, kept, strict=True) if there]
        if not who:
            continue
        in_words = "points" if unit == "%" else unit
        metric = f"{title}, mean absolute error ({in_words})"
        figures.append(_figure(population, metric, who, np.abs(off[kept]), np.mean))
        figures.append(_figure(population, f"{title}, mean error ({in_words})", who, off[kept], np.mean))
    return figures


def sunnybrook(models: Path) -> dict[str, Any]:
    """Return the ejection fraction of both DICOM studies beside that of their contours."""
    root = data_folder() / "dicom/cardiac-cine-sunnybrook"
    rows: dict[str, Any] = {}
    for name, wanted in SUNNYBROOK.items():
        rows[name] = {"reference": wanted}
        for engine, precision in COMBINATIONS:
            result = Asked(models, engine, precision).of_file(root / name)
            values = {one.code: round(one.value, 1) for one in result.measurements}
            rows[name][f"{engine} {precision}"] = values.get("lv_ef")
            rows[name].setdefault("numbers", values)
            rows[name]["notes"] = [check.text for check in result.quality if check.outcome != "good"]
    return rows


def strangers(models: Path) -> dict[str, Any]:
    """Return how many volumes that are no short-axis cine are refused, by kind."""
    asked = Asked(models)
    return {kind: refusals([asked.of_file(path) for path in paths]) for kind, paths in _strange_files()}


def refusals(results: Sequence[PackResult]) -> dict[str, Any]:
    """Return how many were refused, and by which gate."""
    gates: dict[str, int] = {}
    for result in results:
        if result.status != "ok":
            gate = result.refusal.gate if result.refusal else result.status
            gates[gate] = gates.get(gate, 0) + 1
    return {"images": len(results), "refused": sum(gates.values()) / len(results), "by_gate": gates}


def _strange_files() -> Iterator[tuple[str, list[Path]]]:
    """Yield volumes of other organs, and stacks of other packs' images, as files of two phases each."""
    nibabel: Any = import_module("nibabel")

    def write(volume: NDArray[Any], path: Path) -> Path:
        both = np.stack([volume, np.roll(volume, 2, axis=1)]).transpose(3, 2, 1, 0)
        nibabel.save(nibabel.Nifti1Image(both, np.diag([-1.4, -1.4, 8.0, 1.0])), path)
        return path

    with tempfile.TemporaryDirectory() as folder:
        for kind, source, cuts in (
            ("head, T1, pieces shown twice", "mr-head-studyforrest", 6),
            ("drawn head, pieces shown twice", "mr-synthetic-pacsman", 6),
            ("chest CT, shown twice", "ct-chest-lidc", 1),
        ):
            volume = _volume_of(data_folder() / "dicom" / source)
            paths = []
            for number in range(cuts):
                part = volume[number * len(volume) // cuts :: max(1, len(volume) // (12 * cuts))][:_SLICES]
                paths.append(write(part, Path(folder) / f"{source}-{number}.nii"))
            yield kind, paths
        for kind, images in _other_packs_images().items():
            stacks = [images[first : first + _SLICES] for first in range(0, len(images), _SLICES)]
            files = [write(stack, Path(folder) / f"stack-{n}.nii") for n, stack in enumerate(stacks)]
            yield f"{kind}, stacked and shown twice", files


def _other_packs_images() -> dict[str, NDArray[np.uint8]]:
    """Return (image, row, column) of each kind of image that another pack reads."""
    chests = {name: make for name, make in chest_kinds(apart=True).items() if "COVID" not in name}
    kinds = {
        **chests,
        "breast ultrasound": strangers_of.breast_ultrasound,
        "blood cells": strangers_of.blood_cells,
        "biopsies": strangers_of.biopsies,
    }
    return strangers_of.bank(kinds, _SLICES * _STACKS)


def _volume_of(folder: Path) -> NDArray[np.float32]:
    from imaging.read import read_image

    (unit,) = (one for one in scan_paths([folder]) if isinstance(one, ReadingUnit))
    return np.stack([read_image(unit, index).values for index in range(unit.frames)]).astype(np.float32)


def _engines(models: Path, chosen: Sequence[CinePatient]) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {name: {} for name in STRUCTURES}
    for engine, precision in COMBINATIONS:
        found = ask_all(Asked(models, engine, precision), chosen)
        for name, value in STRUCTURES.items():
            overlaps = [v for one in found if one.result.status == "ok" for v in _overlaps(one, value)]
            rows[name][f"{engine} {precision}"] = float(np.mean(overlaps))
    return rows


def _shown(over_folds: Sequence[Figure], figures: Sequence[Figure]) -> list[Figure]:
    """Return what the manifest repeats: of all patients first, then of the held-out ones."""
    everyone = [one for one in over_folds if one.population.startswith(f"{CROSSED}, all")]
    apart = [one for one in figures if one.population.endswith(", all")]
    metrics = (
        "mean Dice",
        *(f"{side} ejection fraction, mean absolute error (points)" for side in ("LV", "RV")),
    )
    return [one for one in (*everyone, *apart) if one.metric in metrics]


def _baseline(found: Sequence[Measured], others: Sequence[CinePatient]) -> list[Figure]:
    """Return the error of saying for everybody the mean ejection fraction of the training patients."""
    usual = float(np.mean([truth_of(patient)["lv_ef"] for patient in others]))
    off = np.array([abs(one.truth["lv_ef"] - usual) for one in found])
    names = [one.patient.name for one in found]
    metric = "LV ejection fraction, mean absolute error (points)"
    return [_figure(f"{POPULATION}, baseline: the training patients' mean", metric, names, off, np.mean)]


def _overlaps(one: Measured, value: int) -> list[float]:
    labels = one.result.volumes[0].labels
    return [dice(labels[:, phase] == value, truth == value) for phase, truth in enumerate(one.patient.labels)]


def _thirds(one: Measured, value: int) -> Iterator[list[float]]:
    """Yield for each phase the Dice in basal, middle and apical thirds of the reference's ventricle."""
    labels = one.result.volumes[0].labels
    for phase, truth in enumerate(one.patient.labels):
        held = np.flatnonzero((truth == LEFT).any((1, 2)))
        right = (truth == RIGHT).sum((1, 2))
        if right[held[0]] < right[held[-1]]:
            held = held[::-1]
        row = []
        for part in np.array_split(held, 3):
            there = (truth[part] == value).any()
            row.append(dice(labels[part, phase] == value, truth[part] == value) if there else math.nan)
        yield row


def _figure(
    population: str, metric: str, names: Sequence[str], values: NDArray[np.float64], of: Any
) -> Figure:
    return measured(population, metric, names, lambda chosen: float(of(values[chosen])))
