"""The recipe of `malaria-cell`: parasites in single red blood cells of thin smears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from training import augment, smears
from training.card import largest_int8_change
from training.card_words import CardWords
from training.classify import SENSES, Classifier
from training.data import Bytes, data_folder
from training.gates import Bound
from training.manifest_text import Inline
from training.samples import Part, Sample, parts_of
from training.splits import cell_part
from training.stranger_sets import evaluation_bank, mosaics, training_bank
from training.trainer import Schedule

SIZE = 64
ATTRIBUTION = (
    "Single-cell images of the US National Library of Medicine (Rajaraman et al., PeerJ 6:e4568, 2018), work "
    "of the United States government."
)
MANIFEST: dict[str, object] = {
    "schema": "farlight-pack/1",
    "id": "malaria-cell",
    "version": "1.1.0",
    "title": "Parasites in single red blood cells",
    "class": "research",
    "task": "classify",
    "intended_use": "A second look at single red blood cells that were cut out of photographs of "
    "Giemsa-stained thin smears, and, for research, a count of such cells on a photograph of a whole thin "
    "smear. It does not replace microscopy or a rapid test, and tells no species.",
    "not_for": [
        "ruling malaria in or out in a patient",
        "species or stage of the parasite",
        "thick smears, unstained cells",
    ],
    "weak_where": [
        "microscopes, stains and cameras other than those of the one hospital that it learned from",
        "dirt and platelets that lie on a cell",
        "cells that were cut out with a piece of a neighbour, or that lie on a ground that is not black",
        "photographs of whole smears: counting was tested on smears composed of single cells alone",
    ],
    "not_looked_for": ["other parasites", "sickle cells", "anaemia", "white cells", "platelets"],
    "licence": {"spdx": "LicenseRef-US-Government-Work", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [{"text": "Rajaraman et al., PeerJ 6:e4568, 2018", "doi": "10.7717/peerj.4568"}],
    "applies": {
        "modalities": ["GM", "SM", "XC"],
        "colour": "any",
        "multi_frame": False,
    },
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
    "training_data": {
        "text": "100 of the patients; 29 calibrate, 27 were kept apart for the figures.",
        "population": "13,307 red blood cells of 156 patients, one hospital (Chittagong), 30 % of the cells "
        "with parasites",
    },
}


def samples() -> list[Sample]:
    """Read all cells."""
    with np.load(data_folder() / "malaria-cells-nih" / "cells.npz", allow_pickle=True) as cells:
        images, ill, patients = cells["images"], cells["parasitized"], cells["patient"]
    carriers = set(patients[ill].tolist())
    return [
        Sample(
            grey=image,
            unit=str(patient),
            truth=int(sick),
            group="infected" if patient in carriers else "healthy",
        )
        for image, sick, patient in zip(images, ill, patients, strict=True)
    ]


def part_of(sample: Sample) -> Part:
    """Split by patient."""
    return cell_part(sample.unit)


def strange() -> Mapping[str, Bytes]:
    """Kinds trained on, with fields of several cells."""
    cells = [sample.grey for sample in parts_of(samples(), part_of)["train"]][::10]
    return training_bank("blood cells", fields_of_cells=lambda: mosaics(cells, 300))


def drawn_cells() -> list[Bytes]:
    """Draw cells that never lived: a disc with a paler middle, with and without a dark dot; and no cell."""
    rows, columns = np.mgrid[0:50, 0:50].astype(np.float32)
    away = np.hypot(rows - 24.5, columns - 24.5) / 22
    disc = np.where(away < 1, 165 - 25 * (1 - away), 0).astype(np.float32)
    dotted = disc.copy()
    cv2.circle(dotted, (18, 30), 4, 90, -1)
    stripes = np.tile(np.linspace(0, 255, 50, dtype=np.float32), (50, 1))
    return [cv2.GaussianBlur(x, (0, 0), 1).clip(0, 255).astype(np.uint8) for x in (disc, dotted, stripes)]


def facts(measured: Mapping[str, Any]) -> dict[str, object]:
    """Return what the card's words name: who served which part, and what its failures are worth."""
    parts = measured["parts"]
    patients = {name: parts[name]["units"] for name in ("train", "calibrate", "test")}
    healthy = parts["test"]["groups"]["healthy"]
    held = [f"{level['held']:.0%} at {level['percent']:g} %" for level in measured["smears"]["levels"]]
    return {
        **patients,
        "all": sum(patients.values()),
        "cells": sum(part["images"] for part in parts.values()),
        "with_parasites": sum(part["groups"]["infected"]["units"] for part in parts.values()),
        "without": sum(part["groups"]["healthy"]["units"] for part in parts.values()),
        "share": patients["test"] / sum(patients.values()),
        "healthy": healthy["units"],
        "healthy_cells": healthy["images"],
        "asked": (smears.RANGE[1] - smears.RANGE[0]) / 100,
        "held": ", ".join(held),
        "int8": largest_int8_change(measured),
    }


RECIPE = Classifier(
    manifest=MANIFEST,
    label={"code": "parasitized", "title": "Parasite in the cell"},
    samples=samples,
    part_of=part_of,
    strangers=strange,
    strangers_apart=evaluation_bank,
    golden=drawn_cells,
    bounds=(Bound(gate="sharpness", measure="aspect", low=False, high=True, slack=1.0),),
    schedule=Schedule(steps=1500, rate=3e-3, report_every=250),
    moves=augment.Geometry(turn_degrees=180, scale=0.15, aspect=0.15, shift=0.05, warp=0.02),
    lights=augment.Photometry(gamma=0.5, window=0.1, noise=0.05, blur=0.35, shading=0.2),
    padding="zeros",
    batch=32,
    strange=8,
    measure_more=lambda models, measured: smears.with_smears(measured, smears.measure(models)),
    notes=smears.notes,
    words=CardWords(
        data="{cells:,} single red blood cells of thin smears of {all} patients ({with_parasites} with "
        "parasites, {without} without), one hospital, one kind of microscope and camera; in grey, 50 px, "
        "cut out and laid on "
        "black by the data's authors. Patients are split by a hash of their id: {train} of {all} train, "
        "{calibrate} calibrate, {test} ({share:.0%}) give the figures, {healthy} of them healthy with "
        "{healthy_cells} cells. Cells of healthy patients never have parasites: a network could learn the "
        "patient's stain instead. The figures for infected patients alone, whose cells share a stain, show "
        "what is left without that.",
        network="Plain residual network, {parameters} thousand parameters, 64 px, trained from nothing with "
        "turns by any angle, mirrors and other exposures. A second head was trained to tell pictures of "
        "other kinds, fields of several cells among them.",
        calibration="Inductive Venn-Abers on the patients that calibrate, at their own share of infected "
        "cells. A smear has far fewer infected cells than this set: the same probability means less there, "
        "and the specificity decides what a count is worth.",
        facts=facts,
        failures=(
            "One hospital, one stain, one camera: expect worse elsewhere. Nothing of another laboratory was "
            "available to measure how much.",
            "The data's labels are one expert's; cells on which experts disagree are in it.",
            "Dirt, platelets and stain precipitate on a cell look like parasites.",
            "On a whole smear the model's false calls outnumber the parasites where few cells have any: "
            "below the level that the section on whole smears gives, a count tells nothing.",
            "The corrected parasitaemia's interval is made for {asked:.0%} and held the truth in {held}.",
            "{int8}",
            "White cells, platelets on the ground and stacked cells were not tried; what is not round or "
            "of the usual size is left out of the count and told.",
            "The map shows where the model looked, not where a parasite is.",
        ),
    ),
)
