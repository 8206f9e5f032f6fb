"""Folders of labelled pictures for the toy packs, whose answers are known."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tests.inference import toy_packs
from tests.inference.toy_packs import marker

WHOLE_TOML = (
    toy_packs.FINDING_TOML.replace('id = "toy-finding"', 'id = "toy-whole"')
    .replace('[depends]\n"toy-outline" = ">=1.0.0,<2.0.0"\n', "")
    .replace(
        'region = { rule = "masks", pack = "toy-outline", codes = ["left", "right"], margin = 0.05, '
        "outside = 0.0 }",
        'region = { rule = "whole" }',
    )
    .replace(
        'intensity = { rule = "percentile", low = 1.0, high = 99.0, within = "region" }',
        'intensity = { rule = "percentile", low = 0.0, high = 100.0, within = "image" }',
    )
    .replace("age_years = { minimum = 1.0, maximum = 5.99 }\n", "")
    .replace('chosen_on = "nothing"', 'chosen_on = "nothing"  # a guess')
)
"""A pack that scores how large the bright part of a picture is."""


def write_whole_pack(root: Path) -> Path:
    """Write ``toy-whole`` under a root and return its folder."""
    folder = root / "toy-whole"
    return toy_packs.write_pack(folder, WHOLE_TOML, toy_packs.finding_model(), toy_packs.FINDING_SIDE)


def write_pictures(folder: Path, patients: int, *, told: float = 1.0, images_each: int = 1) -> Path:
    """Write pictures with a bright block, larger in the ill, and their table; return the table.

    ``told`` is how much the truth shows in the picture: 0 not at all.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng(2026)
    rows = []
    for patient in range(patients):
        ill = patient % 2
        for number in range(images_each):
            name = f"{patient}-{number}.png"
            side = int(20 + 14 * told * ill + rng.integers(0, 16))
            picture = rng.integers(0, 60, (64, 64)).astype(np.uint8)
            first = int(rng.integers(2, 62 - side)) if side < 60 else 2
            picture[first : first + side, first : first + side] = 255
            assert cv2.imwrite(str(folder / name), picture)
            box = [first, first, side, side] if ill else [""] * 4
            site = "north" if patient % 4 < 2 else "south"
            rows.append([name, f"P{patient}", ill, "F", site, *box])
    head = ["file", "patient", "brightness", "sex", "site", "box_x", "box_y", "box_width", "box_height"]
    return write_table(folder.parent / f"{folder.name}.csv", head, rows)


def write_table(file: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a table of labels and return it."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return file


def read_rows(file: Path) -> list[list[str]]:
    """Return the rows of a table, the headings first."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def write_outlined(folder: Path, masks: Path, patients: int) -> Path:
    """Write pictures for ``toy-outline`` with masks that it should find; return the table."""
    folder.mkdir(parents=True)
    masks.mkdir(parents=True)
    grey = marker(64)
    rows = []
    for patient in range(patients):
        noise = np.random.default_rng(patient).normal(0, 0.01, grey.shape)
        assert cv2.imwrite(
            str(folder / f"{patient}.png"), (np.clip(grey + noise, 0, 1) * 255).astype(np.uint8)
        )
        for code, columns in (("left", slice(32, 64)), ("right", slice(0, 32))):
            mask = np.zeros((64, 64), np.uint8)
            mask[16:, columns] = (grey[16:, columns] > 0.5) * 255
            assert cv2.imwrite(str(masks / f"{patient}-{code}.png"), mask)
        rows.append([f"{patient}.png", f"P{patient}"])
    return write_table(folder.parent / "outlined.csv", ["file", "patient"], rows)
