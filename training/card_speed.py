"""The section of a card that says how long a user waits; torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.card_tables import Measured, table

BUSY = 1.0
"""Load average above which other work slowed what was measured."""
DISTURBED = 0.2
"""Cores taken by others meanwhile above which they slowed it, whatever the load was before."""
_UNHEEDED = "(*) The pack's checks refuse what is drawn here; they were made, but not heeded."
_ENGINES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


def speed_parts(measured: Measured) -> list[str]:
    """Return the section's paragraphs; none where a pack's speed was not measured."""
    speed = measured.get("speed")
    if not speed:
        return []
    unheeded = [] if all(row["checks"] for row in speed["rows"]) else [_UNHEEDED]
    return ["## Speed", _how(speed), _rows(speed["rows"]), *unheeded]


def kept_speed(kept: Measured) -> dict[str, Any]:
    """Return what of a pack's kept figures is its speed: measuring its figures again does not touch it."""
    return {"speed": kept["speed"]} if "speed" in kept else {}


def _how(speed: Measured) -> str:
    machine = speed["machine"]
    words = (
        "What a user waits for, with the pack loaded: from file to answer, so that reading it, checks "
        "and maps are in it. Inputs are drawn, not patients'. The ways to run the pack were timed in turn in "
        f"one run on {machine['processor']}, {machine['cores']} cores, {machine['threads']} threads. These "
        "numbers are that machine's: another has others."
    )
    if speed["load"] > BUSY or speed["beside"] > DISTURBED:
        words += (
            f" **Other work may have slowed it** (load average {speed['load']:.1f} before the start, "
            f"{speed['beside']:.1f} cores taken by others meanwhile): a quiet machine is faster."
        )
    return words


def _rows(rows: list[Mapping[str, Any]]) -> str:
    body = [
        (
            str(row["what"]) + ("" if row["checks"] else " (*)"),
            _way(row),
            _number(row["median_ms"]),
            f"{_number(row['low_ms'])} to {_number(row['high_ms'])}",
            f"{_number(row['median_ms'] / row['count'])} a {row['counted']}" if row.get("count") else "",
            str(row["runs"]),
        )
        for row in rows
    ]
    return table(("what", "engine, precision", "median, ms", "10 to 90 %, ms", "ms each", "runs"), body)


def _way(row: Mapping[str, Any]) -> str:
    if row["engine"] is None:
        return "none is needed"
    taken = " (the default)" if row["default"] else ""
    return f"{_ENGINES[row['engine']]} {str(row['precision']).upper()}{taken}"


def _number(milliseconds: float) -> str:
    """Return three digits that count, and no more decimals than two."""
    places = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2
    return f"{milliseconds:,.{places}f}"
