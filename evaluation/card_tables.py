"""The tables of a model card, as Markdown, from measured figures: no number is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

Measured = Mapping[str, Any]
UNITS = MappingProxyType(
    {
        "patients": "patients",
        "near_duplicates": "groups of near-duplicates",
        "source_tiles": "source tiles",
    }
)
"""What a figure's `patients` are, by its `unit`."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figure_table(figures: Sequence[Measured], unit: str = "patients") -> str:
    """Return figures, each with its interval and from how many; `unit` says of what."""
    rows = []
    for figure in figures:
        low, high = figure.get("interval", (None, None))
        exact = " (exact)" if figure.get("interval_by") == "exact" else ""
        interval = "not stated" if low is None else f"{low:.3f} to {high:.3f}{exact}"
        counts = str(figure["patients"]), str(figure["images"])
        rows.append((figure["population"], figure["metric"], f"{figure['value']:.3f}", interval, *counts))
    return table(("population", "metric", "value", "95 % interval", UNITS[unit], "images"), rows)


def engine_table(engines: Measured) -> str:
    """Return one figure of each population in every engine and precision."""
    names = list(next(iter(engines.values())))
    return table(
        ("population", *names), [(p, *(f"{row[n]:.4f}" for n in names)) for p, row in engines.items()]
    )


def refusal_table(rows: Measured) -> str:
    """Return, for sets of images, how many were refused and by which gate."""
    return table(
        ("images", "number", "refused", "by gate"),
        [
            (name, str(row["images"]), f"{row['refused']:.1%}", _gates(row["by_gate"]))
            for name, row in rows.items()
        ],
    )


def reliability_table(rows: Sequence[Measured]) -> str:
    """Return, for each tenth of the scale, the mean score beside the share that is ill."""
    return table(("score", "images", "mean score", "share ill"), [_reliability_row(row) for row in rows])


def _gates(gates: Measured) -> str:
    return ", ".join(f"{gate} {count}" for gate, count in gates.items()) or "none"


def _reliability_row(row: Measured) -> tuple[str, ...]:
    empty = row["images"] == 0
    mean, ill = ("", "") if empty else (f"{row['mean_score']:.3f}", f"{row['ill']:.3f}")
    return f"{row['from']:.1f} to {row['to']:.1f}", str(row["images"]), mean, ill
