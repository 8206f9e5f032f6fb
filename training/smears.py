"""Measure counting on composed smears: `python -m training.smears [--write]`.

No photograph of a whole smear is among the data: smears are composed of single cells of patients kept apart,
each of one patient's cells, and go the way of a photograph through the application.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.image import Image, ImageRef
from core.result import PackResult
from evaluation.card_tables import table
from inference.count_reader import THIN_SMEAR
from inference.manifest import Counting, Rate
from inference.packs import Pack, PackLibrary
from inference.runner import PackRunner
from inference.subject import Subject
from measure.parasitaemia import Range, Rates, corrected, lowest_told, share_interval
from services.smear import SmearWork, count_smear
from training.composed_smears import Composed, Scene, compose, well_cut
from training.pack_files import facts_of, replace_manifest_figures
from training.reproduced import report
from training.samples import Sample, parts_of
from training.stranger_sets import evaluation_bank

PACK = "malaria-cell"
PERCENTS = (0.0, 0.5, 2.0, 5.0, 20.0)
POPULATION = "composed smears of patients kept apart, all"
CELL_PIXELS = 50
FEW = 500
WANTED_SPECIFICITY = 0.99
CHOSEN_ON = (
    f"composed smears of patients that calibrate, for a specificity of {100 * WANTED_SPECIFICITY:.0f} %"
)
RANGE = 2.5, 97.5
_FEWEST_SOUND, _FEWEST_ILL = 20, 3
_CELLS_ACROSS = 42, 32
_DIAMETERS = (36.0, 50.0, 80.0)
_CALIBRATING_SHARE = 0.4
_RESAMPLES = 1000
_MATCH = 0.5
_STRANGERS, _STRANGE_SIDE = 60, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One composed smear, what lay on it, and what was found; `scores` and `truth` are by counted cell."""

    patient: str
    percent: float
    lay: int
    ill: int
    scores: NDArray[np.float64]
    truth: NDArray[np.bool_]
    matched: int
    apart: int
    refused: bool
    scene: Scene


def measure(models: Path) -> dict[str, Any]:
    """Return what the card says of counting: figures, rates, tables."""
    from training.recipes.malaria_cell import part_of, samples

    parts = parts_of(samples(), part_of)
    runner, pack = _runner(models)
    known = list(_count_all(runner, pack, parts["calibrate"], (100 * _CALIBRATING_SHARE,)))
    threshold = threshold_for(known)
    smears = list(_count_all(runner, pack, parts["test"], PERCENTS))
    rates = rates_among(smears, threshold)
    return {
        "rule": THIN_SMEAR,
        "threshold": threshold,
        "chosen_on": CHOSEN_ON,
        "sensitivity": list(rates.sensitivity),
        "specificity": list(rates.specificity),
        "few": FEW,
        "cell_pixels": CELL_PIXELS,
        "cells": _cell_figures(smears),
        "levels": [_level(smears, percent, threshold) for percent in PERCENTS],
        "lowest_told_percent": {
            str(cells): round(100 * lowest_told(cells, rates), 2) for cells in (500, 1000, 2000, 5000)
        },
        "strangers": strangers_counted(runner, pack),
        "cells_kept_for_composing": _share_well_cut(parts["test"]),
    }


def strangers_counted(runner: PackRunner, pack: Pack) -> dict[str, dict[str, int]]:
    """Return of each kind of other pictures how many were asked, and how many were counted as smears."""
    kinds = {}
    for name, pictures in evaluation_bank().items():
        counted = 0
        chosen = pictures[:: max(1, len(pictures) // _STRANGERS)][:_STRANGERS]
        for picture in chosen:
            larger = max(1.0, _STRANGE_SIDE / max(picture.shape))
            bytes_ = cv2.resize(picture, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
            counted += bool(_count(runner, pack, bytes_.astype(np.float32) / 255).places)
        kinds[name] = {"images": len(chosen), "counted": counted}
    return kinds


def figures_of(smears: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that stand in the card's table and in the manifest."""
    found = list(smears["cells"])
    for level in smears["levels"]:
        if level["percent"]:
            found.append(level["corrected_error"])
    return found


def with_smears(measured: Mapping[str, Any], smears: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was measured of single cells, with what was measured of counting in its place."""
    others = [one for one in measured["figures"] if one["population"] != POPULATION]
    return {**measured, "figures": [*others, *figures_of(smears)], "smears": smears}


def notes(measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the card's section on counting; nothing where it was not measured."""
    if "smears" not in measured:
        return ()
    smears = measured["smears"]
    told = ", ".join(f"{value:g} % ({cells} cells)" for cells, value in smears["lowest_told_percent"].items())
    rows = [
        (
            f"{level['percent']:g} %",
            str(level["smears"]),
            str(level["patients"]),
            f"{level['as_counted']:.2f} %",
            f"{level['corrected']:.2f} %",
            "" if not level["percent"] else f"{level['corrected_error']['value']:.2f}",
            f"{level['held_by_count']:.0%}",
            f"{level['held']:.0%}",
        )
        for level in smears["levels"]
    ]
    head = (
        *("lay on the smear", "smears", "patients", "as counted, mean", "corrected, mean"),
        *("corrected, mean absolute error (points)", "interval of the count holds it"),
        "corrected interval holds it",
    )
    sensitivity, specificity = smears["sensitivity"], smears["specificity"]
    kinds = smears["strangers"].values()
    asked, counted = (sum(kind[key] for kind in kinds) for key in ("images", "counted"))
    return (
        "## Whole smears",
        "**No photograph of a whole smear was ever seen, in training or in testing.** Smears were composed "
        "of single cells of patients kept apart (each smear of one patient's cells, used again, turned and "
        "mirrored; about 600 cells, 36 to 80 pixels wide, a sixth pushed against others, light falling off "
        "by 10 to 40 %, noise) and counted through the application. "
        f"{smears['cells_kept_for_composing']:.0%} of the cells were cut out well enough to be laid on a "
        "ground. White cells, platelets, dirt and stacked cells (rouleaux) were not among what was laid.",
        f"Threshold for counting: {smears['threshold']:.4f} ({smears['chosen_on']}). Of found cells with "
        f"parasites {sensitivity[0]:.1%} are called (95 % of the patients: {sensitivity[1]:.1%} to "
        f"{sensitivity[2]:.1%}), of the others {specificity[0]:.1%} are not (95 % of the patients: "
        f"{specificity[1]:.1%} to {specificity[2]:.1%}). The correction (Rogan and Gladen) and its interval "
        "use these; below, each patient's smears are corrected with the rates of the other patients.",
        table(head, rows),
        f"Of {asked} pictures of other kinds (biopsies, photographs, X-rays, MR and more, enlarged to 500 "
        f"pixels) {counted} were taken for smears and counted.",
        f"Lowest parasitaemia that is told from false calls: {told}. Below it, a count says nothing of "
        "whether there are parasites.",
    )


def threshold_for(smears: Sequence[Counted]) -> float:
    """Return the lowest score from which on enough cells without parasites are left uncalled, by patient."""
    sound = {}
    for patient, own in _by_patient(smears).items():
        sound[patient] = np.concatenate([one.scores[~one.truth] for one in own])
    levels = np.unique(np.concatenate([one.scores for one in smears]))
    for level in levels:
        if np.mean([np.mean(scores < level) for scores in sound.values()]) >= WANTED_SPECIFICITY:
            return float(np.round(level, 4))
    return float(np.round(levels[-1], 4))


def rates_among(smears: Sequence[Counted], threshold: float) -> Rates:
    """Return the mean rates of patients, each with the range that holds 95 % of them."""
    called: list[float] = []
    left: list[float] = []
    for own in _by_patient(smears).values():
        scores = np.concatenate([one.scores for one in own])
        truth = np.concatenate([one.truth for one in own])
        if truth.any():
            called.append(float(np.mean(scores[truth] >= threshold)))
        left.append(float(np.mean(scores[~truth] < threshold)))
    return Rates(sensitivity=_among(called), specificity=_among(left))


def _among(values: Sequence[float]) -> Range:
    low, high = np.percentile(values, RANGE)
    value = float(np.clip(np.mean(values), low, high))
    return round(value, 4), round(float(low), 4), round(float(high), 4)


def _level(smears: Sequence[Counted], percent: float, threshold: float) -> dict[str, Any]:
    """Return what is counted where so many of a hundred cells have parasites."""
    rows = []
    for patient, own in _by_patient(smears).items():
        rates = rates_among([one for one in smears if one.patient != patient], threshold)
        for one in own:
            if one.percent != percent or one.refused:
                continue
            cells, found = len(one.scores), int((one.scores >= threshold).sum())
            true = one.ill / one.lay
            seen, better = share_interval(found, cells), corrected(found, cells, rates)
            rows.append((patient, true, seen, better))
    errors = [(patient, 100 * abs(better[0] - true)) for patient, true, _, better in rows]
    name = f"parasitaemia of {percent:g} %, corrected, mean absolute error (points)"
    return {
        "percent": percent,
        "smears": len(rows),
        "patients": len({row[0] for row in rows}),
        "as_counted": _mean(100 * seen[0] for _, _, seen, _ in rows),
        "corrected": _mean(100 * better[0] for _, _, _, better in rows),
        "held_by_count": _mean(seen[1] <= true <= seen[2] for _, true, seen, _ in rows),
        "held": _mean(better[1] <= true <= better[2] for _, true, _, better in rows),
        "corrected_error": _figure(name, errors),
    }


def _cell_figures(smears: Sequence[Counted]) -> list[dict[str, Any]]:
    counted = [(one.patient, 100 * one.matched / one.lay) for one in smears]
    wrong = [(one.patient, 100 * (1 - one.matched / max(len(one.scores), 1))) for one in smears]
    error = [(one.patient, 100 * abs(len(one.scores) - one.lay) / one.lay) for one in smears]
    return [
        _figure("whole cells that are counted (%)", counted),
        _figure("counted things that are not one whole cell (%)", wrong),
        _figure("number of cells, mean absolute error (%)", error),
    ]


def _figure(metric: str, values: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Return a mean over smears with its interval by patient."""
    by_patient: dict[str, list[float]] = {}
    for patient, value in values:
        by_patient.setdefault(patient, []).append(value)
    groups = list(by_patient.values())
    random = np.random.default_rng(0)
    means = [
        np.mean(np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))]))
        for _ in range(_RESAMPLES)
    ]
    value = float(np.mean([one for _, one in values]))
    low, high = np.percentile(means, (2.5, 97.5))
    return {
        "population": POPULATION,
        "metric": metric,
        "value": round(value, 4),
        "interval": [round(min(float(low), value), 4), round(max(float(high), value), 4)],
        "patients": len(groups),
        "images": len(values),
    }


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 4)


def _by_patient(smears: Sequence[Counted]) -> dict[str, list[Counted]]:
    grouped: dict[str, list[Counted]] = {}
    for one in smears:
        grouped.setdefault(one.patient, []).append(one)
    return grouped


def _share_well_cut(samples: Sequence[Sample]) -> float:
    return round(float(np.mean([well_cut(sample.grey) for sample in samples])), 3)


def _runner(models: Path) -> tuple[PackRunner, Pack]:
    library = PackLibrary([models])
    pack = library.get(PACK)
    unknown = Rate(value=1.0, low=1.0, high=1.0)
    counting = Counting(
        rule=THIN_SMEAR,
        cell_pixels=CELL_PIXELS,
        threshold=0.5,
        chosen_on="",
        sensitivity=unknown,
        specificity=unknown,
        few=FEW,
    )
    runner = PackRunner(library, "onnxruntime", "int8", 1)
    return runner, replace(pack, manifest=replace(pack.manifest, counting=counting))


def _count_all(
    runner: PackRunner, pack: Pack, samples: Sequence[Sample], percents: Sequence[float]
) -> Iterable[Counted]:
    own: dict[str, list[Sample]] = {}
    for sample in samples:
        if well_cut(sample.grey):
            own.setdefault(sample.unit, []).append(sample)
    for number, (patient, cells) in enumerate(sorted(own.items())):
        ill = np.array([bool(cell.truth) for cell in cells])
        if (~ill).sum() < _FEWEST_SOUND:
            continue
        for place, percent in enumerate(percents):
            if percent and ill.sum() < _FEWEST_ILL:
                continue
            seed = 1000 * number + place
            smear = compose([cell.grey for cell in cells], ill, percent / 100, _scene(seed), seed)
            yield count_one(runner, pack, smear, patient, percent, _scene(seed))


def _scene(seed: int) -> Scene:
    random = np.random.default_rng(seed)
    diameter = _DIAMETERS[int(random.integers(len(_DIAMETERS)))]
    columns, rows = (round(count * diameter) for count in _CELLS_ACROSS)
    return Scene(
        diameter=diameter,
        columns=columns,
        rows=rows,
        cover=float(random.uniform(0.3, 0.42)),
        shade=float(random.uniform(0.1, 0.4)),
        noise=float(random.uniform(0.005, 0.02)),
    )


def count_one(  # noqa: PLR0917 - one call
    runner: PackRunner, pack: Pack, smear: Composed, patient: str, percent: float, scene: Scene
) -> Counted:
    """Count one composed smear as the application counts a photograph, and match what it found."""
    result = _count(runner, pack, smear.grey)
    scores = np.array([place.probability for place in result.places])
    truth = np.zeros(len(scores), bool)
    taken: set[int] = set()
    for number, place in enumerate(result.places):
        away = np.hypot(smear.centres[:, 0] - place.x, smear.centres[:, 1] - place.y)
        nearest = int(np.argmin(away))
        if away[nearest] <= _MATCH * scene.diameter and nearest not in taken:
            truth[number] = smear.ill[nearest]
            taken.add(nearest)
    apart = next((int(one.value) for one in result.measurements if one.code == "cells_apart"), 0)
    return Counted(
        patient=patient,
        percent=percent,
        lay=smear.counted,
        ill=int(smear.ill[smear.whole].sum()),
        scores=scores,
        truth=truth,
        matched=sum(bool(smear.whole[one]) for one in taken),
        apart=apart,
        refused=result.status != "ok" or not result.places,
        scene=scene,
    )


def _count(runner: PackRunner, pack: Pack, grey: NDArray[np.float32]) -> PackResult:
    """Return what the application says of a picture of which nothing else is known."""
    values = np.asarray(grey * 255, np.float32)
    values.setflags(write=False)
    image = Image(ref=ImageRef(file="composed"), values=values)
    single = runner.run(pack.id, image, grey, Subject())
    work = SmearWork(image=image, grey=grey, subject=Subject())
    return count_smear(runner, pack, work, single, lambda _done, _all: None, lambda: False).result


def main() -> int:
    """Measure, print, and with `--write` put figures, card and `[count]` into the pack."""
    from training.recipe import recipe_of

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--write", action="store_true", help="write figures.json, card.md and pack.toml")
    arguments = parser.parse_args()
    started, folder = time.monotonic(), arguments.models / PACK
    smears = measure(arguments.models)
    print(json.dumps(smears, indent=1))
    print(f"measured in {time.monotonic() - started:.0f} s", file=sys.stderr)
    kept = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    if not arguments.write:
        return report({"smears": kept.get("smears")}, {"smears": smears})
    measured = with_smears({**kept, "pack": facts_of(folder)}, smears)
    (folder / "figures.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(recipe_of(PACK).card(measured), encoding="utf-8")
    replace_manifest_figures(folder, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
