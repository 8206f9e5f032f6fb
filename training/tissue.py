"""What the recipes of stained tissue share: tiles, stain, split by source tile; one recipe an organ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training import augment
from training.card import largest_int8_change
from training.card_words import CardWords
from training.classify import SENSES, Classifier
from training.data import Bytes, data_folder, read_colour, rows_of
from training.drawn_strangers import as_bytes
from training.gates import Bound
from training.manifest_text import Inline
from training.measure_slides import measure_slides, slide_notes
from training.samples import Part, Sample, parts_of
from training.splits import tile_part
from training.stranger_sets import evaluation_bank, training_bank
from training.trainer import Schedule

SIZE = 128
UM_PER_PIXEL = {"lung": 1.1, "colon": 1.3}
"""Of the tiles of 160 pixels: red cells of 7 µm span 6 to 7 pixels, nuclei of lymphocytes in the colon 5."""
_OTHER = {"lung": "colon", "colon": "lung"}
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
ATTRIBUTION = (
    "Tiles of LC25000 (Borkowski et al., arXiv:1912.12142), which its authors made free for AI researchers; "
    "which other use that allows is unclear. Source tiles: Batchkala et al., 2024."
)


def samples_of(organ: str) -> list[Sample]:
    """Read the tiles of one organ, in colour and as the application's grey."""
    root = data_folder() / "biopsy-lc25000"
    found = []
    for row in rows_of(root):
        if row["organ"] != organ:
            continue
        colour = read_colour(root / row["image"])
        found.append(
            Sample(
                grey=np.rint(colour.astype(np.float32) @ LUMA).astype(np.uint8),
                colour=colour,
                unit=row["source_tile_group"],
                truth=int(row["label"] == "malignant"),
                group=row["subclass"],
            )
        )
    return found


def part_of(sample: Sample) -> Part:
    """Split by source tile, of which each tile is an altered copy."""
    return tile_part(sample.unit)


def apart(organ: str) -> dict[str, Bytes]:
    """Return the kinds that only the evaluation sees, the other organ's tiles (told alone) among them."""
    other = _OTHER[organ]
    sibling = np.stack([as_bytes(tile.grey) for tile in samples_of(other)[::4]])
    return {**evaluation_bank("biopsies"), f"sibling: tiles of {other}": sibling}


def slide_figures(pack: str, models: Path) -> dict[str, Any]:
    """Return what a pack's map of slides is worth, on slides of the tiles kept apart."""
    apart = parts_of(samples_of(pack.removeprefix("biopsy-")), part_of)["test"]
    return measure_slides(pack, models, apart)


def colour_features(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return (image, 9): mean, spread and skew of each colour; nothing of any shape."""
    rows = []
    for sample in samples:
        assert sample.colour is not None
        flat = sample.colour.reshape(-1, 3).astype(np.float64) / 255
        mean, spread = flat.mean(0), flat.std(0)
        skew = (((flat - mean) / np.maximum(spread, 1e-6)) ** 3).mean(0)
        rows.append(np.concatenate([mean, spread, skew]))
    return np.stack(rows)


def drawn_tissue() -> list[Bytes]:
    """Draw tissue that nobody gave: dark dots on a pale ground, few and many; and an empty slide."""
    pictures = []
    for seed, count in ((1, 60), (2, 300)):
        rng = np.random.default_rng(seed)
        page = np.full((160, 160), 205, np.float32)
        page += 20 * cv2.GaussianBlur(rng.standard_normal((160, 160)).astype(np.float32), (0, 0), 4)
        for x, y, radius in rng.integers((0, 0, 2), (160, 160, 6), (count, 3)):
            cv2.circle(page, (int(x), int(y)), int(radius), float(rng.integers(70, 130)), -1)
        pictures.append(cv2.GaussianBlur(page, (0, 0), 0.8).clip(0, 255).astype(np.uint8))
    return [*pictures, np.tile(np.linspace(180, 230, 160), (160, 1)).astype(np.uint8)]


def recipe(organ: str, manifest: Mapping[str, Any]) -> Classifier:
    """Return the recipe of one organ; `manifest` has what differs between them."""
    return Classifier(
        manifest={**_common(organ), **manifest, **_shape(), "tiles": _tiles(organ)},
        label={
            "code": "malignant",
            "title": f"Malignant {organ} tissue",
            "coding": Inline(system="SNOMED CT", code="363346000"),
        },
        samples=lambda: samples_of(organ),
        part_of=part_of,
        strangers=training_bank,
        strangers_apart=lambda: apart(organ),
        golden=drawn_tissue,
        bounds=(Bound(gate="sharpness", measure="sharpness", low=True, high=False, slack=0.5),),
        schedule=Schedule(steps=700, rate=3e-3, report_every=100),
        moves=augment.Geometry(turn_degrees=180, scale=0.2, aspect=0.15, shift=0.05, warp=0.01),
        lights=augment.Photometry(gamma=0.6, window=0.2, noise=0.05, blur=0.4, shading=0.2),
        features={"colours without shapes": colour_features},
        words=words_of(organ),
        batch=24,
        strange=8,
        unit="source_tiles",
        measure_more=lambda models, measured: {
            **measured,
            "slides": slide_figures(f"biopsy-{organ}", models),
        },
        notes=slide_notes,
    )


def facts(organ: str, measured: Mapping[str, Any]) -> dict[str, object]:
    """Return what the card's failures name."""
    strangers = measured["strangers_refused"]
    return {
        "other_refused": strangers[f"sibling: tiles of {_OTHER[organ]}"]["refused"],
        "photographs_refused": strangers["photographs"]["refused"],
        "int8": largest_int8_change(measured),
    }


def words_of(organ: str) -> CardWords:
    """Return what the card says beside the figures."""
    other = _OTHER[organ]
    return CardWords(
        data=f"LC25000, tiles of {organ}, 160 px. Each source tile appears about twice, altered by the set's "
        "authors; all copies of a source tile stay on one side of the split (by a hash of its number): 50 % "
        "train, 20 % calibrate, 30 % give the figures. Whether two source tiles come from one patient is not "
        "known, so that the intervals are too narrow.",
        network="Plain residual network, {parameters} thousand parameters, 128 px, that sees grey alone (the "
        "luma of a colour picture). In training each tile's three colours were scaled in optical density by "
        "up to a factor of 1.8 each and mixed into grey by other weights, then gamma, window, shading, blur "
        "and noise were changed, so that stain and exposure tell little. A second head was trained to tell "
        "pictures of other kinds.",
        calibration="Inductive Venn-Abers on the source tiles that calibrate, at their own share malignant.",
        facts=partial(facts, organ),
        failures=(
            "One set, one laboratory, tiles chosen to be typical: expect much worse on anything else. "
            "Nothing of another laboratory was available to measure how much.",
            "The set separates by colour and by grey values alone almost as well: see the linear models "
            "above. A score may rest on stain that the changes in training did not undo.",
            f"Tissue of another organ is not surely refused: of tiles of {other} {{other_refused:.1%}} are, "
            "of photographs {photographs_refused:.1%}. The others get a score as if they were tissue of the "
            f"{organ}.",
            "{int8}",
            "The map shows where the model looked, not where a tumour is.",
        ),
    )


def _common(organ: str) -> dict[str, Any]:
    return {
        "schema": "farlight-pack/1",
        "id": f"biopsy-{organ}",
        "version": "1.0.0",
        "title": f"Malignant tissue in {organ} biopsies (H&E)",
        "class": "demonstration",
        "task": "classify",
        "intended_use": f"Shows what a small network makes of single H&E-stained tiles of {organ} tissue. "
        "A demonstration: it is not for patients.",
        "not_for": [
            "any decision about a patient",
            "grading or typing of a tumour",
            "other organs and stains",
        ],
        "weak_where": [
            "laboratories, scanners and stains other than those of the one set that it learned from",
            "tiles that show several kinds of tissue, or little tissue at all",
        ],
        "not_looked_for": ["inflammation", "dysplasia", "metastasis of another tumour", "resection margins"],
        "licence": {
            "spdx": "LicenseRef-LC25000",
            "commercial_use": False,
            "acceptance": True,
            "attribution": ATTRIBUTION,
        },
        "citations": [
            {"text": "Borkowski et al., arXiv:1912.12142, 2019", "doi": "10.48550/arXiv.1912.12142"},
        ],
        "applies": {
            "modalities": ["GM", "SM", "XC"],
            "body_parts": [organ.upper()],
            "colour": "colour",
            "multi_frame": False,
        },
    }


def _tiles(organ: str) -> dict[str, Any]:
    """Return how slides are read: 768 pixels were the pictures of the set before they were made smaller."""
    return {
        "side": 160,
        "um_per_pixel": UM_PER_PIXEL[organ],
        "scale_source": "nobody stated it; estimated by eye from red cells and nuclei, perhaps a third off",
        "stored_side": 768,
        "smallest_picture": 1536,
        "overlap": 0.25,
        "least_tissue": 0.5,
        "batch": 16,
        "map_shown": True,
    }


def _shape() -> dict[str, Any]:
    return {
        "input": {
            "name": "image",
            "size": [SIZE, SIZE],
            "channels": 1,
            "region": Inline(rule="whole"),
            "resize": "stretch",
            "intensity": Inline(rule="percentile", low=1.0, high=99.0, within="image"),
        },
        "output": {
            "logits": "logits",
            "activation_map": "cam",
            "sense": "sense",
            "familiarity": "familiarity",
        },
        "sense": {"classes": list(SENSES), "minimum_probability": 0.6, "correct_probability": 1.0},
    }
