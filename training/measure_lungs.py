"""Measure `chest-lungs` on patients that its weights have not seen, through the application's own code.

Torch-free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import Figure, dice, measured
from evaluation.scores import refusal_row
from inference.subject import Subject
from training import data, drawn_strangers, strangers
from training.splits import held_out
from training.through_application import COMBINATIONS, Answer, Application

PACK = "chest-lungs"
CHEST = Subject(modality="DX", body_part=None, view=None, age_years=3.0)
"""What is said of every picture alike, strangers too, so that the image gates alone decide."""
SEEN, SEEN_STEP = "children that the weights have seen (every eighth), 224 px", 8
Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Dice of one image: both sides as told apart, and each."""

    both: float
    left: float
    right: float


def held_out_sets() -> dict[str, list[data.Picture]]:
    """Return the held-out pictures with masks, by population."""
    return {
        "held-out children, 224 px": [p for p in data.children() if p.mask_path and held_out(p)],
        "held-out children, true aspect": [p for p in data.chests_with_true_aspect("kermany") if held_out(p)],
        "held-out adults": [p for p in data.chests_with_true_aspect("cohen-ccby-adult") if held_out(p)],
    }


def greys_of(pictures: Sequence[data.Picture]) -> list[Grey]:
    """Read pictures as grey in 0..1."""
    return [data.read_as_grey(picture.path) for picture in pictures]


def overlaps(answers: Sequence[Answer], pictures: Sequence[data.Picture]) -> list[Overlap]:
    """Compare outlines (gates off) with the reference masks at the source's resolution."""
    return [_overlap(answer, picture) for answer, picture in zip(answers, pictures, strict=True)]


def outline_figures(application: Application) -> list[Figure]:
    """Return Dice for each held-out population: all images, and those on which the pack speaks."""
    figures = []
    for population, pictures in held_out_sets().items():
        answers = application.ask(PACK, greys_of(pictures), CHEST)
        values = overlaps(answers, pictures)
        spoken = np.array([answer.refused_by is None for answer in answers])
        figures += _dice_figures(f"{population}, all images", pictures, values)
        chosen = np.flatnonzero(spoken)
        answered = [pictures[i] for i in chosen]
        figures += _dice_figures(f"{population}, answered", answered, [values[i] for i in chosen])[:1]
    seen = [p for p in data.children() if p.mask_path and not held_out(p)][::SEEN_STEP]
    values = overlaps(application.ask(PACK, greys_of(seen), CHEST), seen)
    return figures + _dice_figures(SEEN, seen, values)[:1]


def refusals(application: Application, pack_id: str = PACK) -> dict[str, object]:
    """Return, for held-out own images, the share refused and how often by which gate."""
    sets = held_out_sets()
    del sets["held-out children, 224 px"]
    sets["official test children"] = list(data.children("test"))
    sets["held-out adults, tuberculosis or normal"] = [p for p in data.adults_without_masks() if held_out(p)]
    return {
        name: _refusals(application.ask(pack_id, greys_of(p), CHEST, gates_only=True))
        for name, p in sets.items()
    }


def stranger_refusals(
    application: Application, pack_id: str = PACK, subject: Subject = CHEST
) -> dict[str, object]:
    """Return, for each kind of stranger, the share refused, and whether the kind was trained on."""
    kinds = [(name, images, True) for name, images in strangers.bank(strangers.TRAINING_KINDS, 100).items()]
    kinds += [
        (name, images, False) for name, images in strangers.bank(strangers.EVALUATION_KINDS, 200).items()
    ]
    parts = held_out_sets()["held-out children, 224 px"]
    masks, _ = data.load_sided_masks(parts, drawn_strangers.SIZE)
    cuts = strangers.chest_parts(data.load_images(parts, drawn_strangers.SIZE), masks, 200, seed=77)
    kinds.append(("parts of held-out chests", np.stack(list(cuts)), True))
    rows: dict[str, object] = {}
    for name, images, trained in kinds:
        answers = application.ask(pack_id, list(images.astype(np.float32) / 255), subject, gates_only=True)
        rows[name] = {**_refusals(answers), "kind_trained_on": trained}
    return rows


def sense_rates(application: Application) -> dict[str, object]:
    """Return, for chests turned and inverted on purpose, how often they are put right, refused.

    Or let through wrong.
    """
    pictures = held_out_sets()["held-out children, true aspect"][::2] + held_out_sets()["held-out adults"]
    greys = greys_of(pictures)
    rows: dict[str, object] = {}
    for inverted in (False, True):
        for quarters in range(4):
            moved = [np.ascontiguousarray(np.rot90(1 - g if inverted else g, quarters)) for g in greys]
            answers = application.ask(PACK, moved, CHEST, gates_only=True)
            name = f"{'inverted ' if inverted else ''}turned {90 * quarters}"
            rows[name] = _sense_row(answers, quarters, inverted=inverted)
    flipped = application.ask(PACK, [np.ascontiguousarray(g[::-1]) for g in greys], CHEST, gates_only=True)
    rows["upside down by mirroring (turn put right, mirror cannot be told)"] = _sense_row(
        flipped, 2, inverted=False
    )
    return rows


def agreement(packs: Path, pictures: Sequence[data.Picture]) -> dict[str, float]:
    """Return the median Dice of the same pictures in every engine and precision."""
    rows = {}
    for engine, precision in COMBINATIONS:
        answers = Application(packs, engine, precision).ask(PACK, greys_of(pictures), CHEST)
        rows[f"{engine} {precision}"] = round(
            float(np.median([o.both for o in overlaps(answers, pictures)])), 4
        )
    return rows


def measure(packs: Path) -> dict[str, object]:
    """Return every figure of the card."""
    application = Application(packs)
    sets = held_out_sets()
    engines = {
        name: agreement(packs, sets[name]) for name in ("held-out children, true aspect", "held-out adults")
    }
    return {
        "figures": [figure.as_table() for figure in outline_figures(application)],
        "engines": engines,
        "own_refused": refusals(application),
        "strangers_refused": stranger_refusals(application),
        "sense": sense_rates(application),
    }


def _overlap(answer: Answer, picture: data.Picture) -> Overlap:
    assert picture.mask_path is not None
    truth = data.lungs_apart(data.read_grey(picture.mask_path) > 127)
    if truth is None:
        return Overlap(both=float("nan"), left=float("nan"), right=float("nan"))
    shape = truth.shape[1:]
    masks = {mask.code: mask.pixels for mask in answer.open.masks}
    found = np.stack([masks.get(code, np.zeros(shape, np.bool_)) for code in ("left_lung", "right_lung")])
    return Overlap(both=dice(found, truth), left=dice(found[0], truth[0]), right=dice(found[1], truth[1]))


def _dice_figures(
    population: str, pictures: Sequence[data.Picture], values: Sequence[Overlap]
) -> list[Figure]:
    if not values:
        return []
    patients = [picture.patient for picture in pictures]
    both = np.array([value.both for value in values])
    sides = {
        "left lung": np.array([value.left for value in values]),
        "right lung": np.array([value.right for value in values]),
    }
    statistics: list[tuple[str, Callable[[NDArray[np.int64]], float]]] = [
        ("median Dice", lambda i: float(np.nanmedian(both[i]))),
        ("mean Dice", lambda i: float(np.nanmean(both[i]))),
        ("5th percentile of Dice", lambda i: float(np.nanquantile(both[i], 0.05))),
        *(
            (f"median Dice, {name}", lambda i, side=side: float(np.nanmedian(side[i])))
            for name, side in sides.items()
        ),
    ]
    return [measured(population, name, patients, statistic) for name, statistic in statistics]


def _refusals(answers: Sequence[Answer]) -> dict[str, object]:
    return refusal_row([answer.refused_by for answer in answers])


def _sense_row(answers: Sequence[Answer], quarters: int, *, inverted: bool) -> dict[str, object]:
    wanted = ((4 - quarters) % 4, inverted)
    right = wrong = refused = 0
    for answer in answers:
        fix = answer.gated.correction
        if answer.refused_by is not None:
            refused += 1
        elif ((fix.quarter_turns, fix.inverted) if fix else (0, False)) == wanted:
            right += 1
        else:
            wrong += 1
    return {"images": len(answers), "right": right, "refused": refused, "wrong": wrong}
