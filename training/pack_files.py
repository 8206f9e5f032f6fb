"""Write a pack's manifest with the checksums of its files, and put measured figures into it; torch-free."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx

from inference.manifest import MODEL_NAMES
from training.manifest_text import toml_text

SHOWN = (
    *("median Dice", "mean Dice", "AUC", "calibration error, 10 bins of equal width"),
    "LV ejection fraction, mean absolute error (points)",
    "RV ejection fraction, mean absolute error (points)",
    "whole cells that are counted (%)",
    "parasitaemia of 2 %, corrected, mean absolute error (points)",
)
"""Metrics that the manifest repeats for the window and the report, for all images; the card has them all."""
FOR_ALL = (", all", ", all images")
OF_LABEL = "code "
"""Begins the population of figures that are of another label than a pack's first: `code benign: ...`."""

COUNTING = ("rule", "cell_pixels", "threshold", "chosen_on", "sensitivity", "specificity", "few")
"""What the manifest's `[count]` repeats of the measured counting."""

NOT_MEASURED = "Not measured yet.\n"
WEIGHTED = ("Conv", "Gemm")
"""Operators whose weights and biases are a network's parameters; normalisation is folded into them."""


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    """Write `pack.toml` with the checksum of every other file in the folder.

    A new pack has a card that says that nothing was measured yet, until the evaluation writes it.
    """
    card = folder / "card.md"
    if not card.exists():
        card.write_text(NOT_MEASURED, encoding="utf-8")
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != "pack.toml")
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / "pack.toml").write_text(toml_text({**manifest, "files": files}), encoding="utf-8")


def replace_manifest_figures(folder: Path, measured: Mapping[str, Any]) -> None:
    """Put the figures into the manifest, the rates into its operating points.

    And the checksums of the new files.
    """
    manifest = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
    del manifest["files"]
    figures = measured["figures"]
    chosen = measured.get("manifest_figures")
    shown = (
        chosen
        if chosen is not None
        else [f for f in _of_first(figures) if f["metric"] in SHOWN and f["population"].endswith(FOR_ALL)]
    )
    unit = {"unit": measured["unit"]} if "unit" in measured else {}
    manifest["figures"] = [{**figure, **unit} for figure in shown]
    if "smears" in measured:
        manifest["count"] = {key: measured["smears"][key] for key in COUNTING}
    for label in (*manifest["labels"], *manifest.get("findings", ())):
        own = f"{OF_LABEL}{label['code']}: "
        named = [f for f in figures if f["population"].startswith(own)]
        for point in label.get("operating_points", ()):
            for rate in ("sensitivity", "specificity"):
                figure = _figure(named or _of_first(figures), f"{rate} at {point['name']}")
                point[rate] = [float(figure["value"]), *map(float, figure["interval"])]
                point["measured_on"] = str(figure["population"]).removeprefix(own)
        quality = measured.get("map_quality", {})
        quality = quality.get(label["code"], quality)
        if "passes" in quality:
            label["map_shown"] = bool(quality["passes"]) and not label.get("beside")
    if "tiles" in manifest and "slides" in measured:
        manifest["tiles"]["map_shown"] = bool(measured["slides"]["passes"])
    write_manifest(folder, manifest)


def facts_of(folder: Path) -> dict[str, object]:
    """Return what a card says of the pack itself: its version, and its parameters in thousands."""
    manifest = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
    if manifest["task"] == "risk":
        return {"version": manifest["version"]}
    graph = onnx.load(folder / MODEL_NAMES["fp32"]).graph
    used = {name for node in graph.node if node.op_type in WEIGHTED for name in node.input}
    parameters = sum(math.prod(tensor.dims) for tensor in graph.initializer if tensor.name in used)
    return {"version": manifest["version"], "parameters": round(parameters / 1000)}


def _of_first(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures that are of no label by name: those of a pack's first, and of its outlines."""
    return [figure for figure in figures if not figure["population"].startswith(OF_LABEL)]


def _figure(figures: list[dict[str, Any]], metric: str) -> dict[str, Any]:
    return next(f for f in figures if f["metric"] == metric and f["population"].endswith(", all"))
