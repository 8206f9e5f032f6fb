"""A few invented patients and what the table must say of them: the self-test of packs that read values.

``golden.json`` holds ``patients``: each has ``values`` by input, and ``expected`` by label: probability, and
the ends of its interval.
"""

import json
import math
from pathlib import Path
from typing import Any

from core.errors import RiskTableError
from inference.manifest import GOLDEN_TABLE_NAME, Manifest
from inference.packs import Pack
from inference.risk_values import read_value
from inference.strict_table import Problems, StrictTable
from inference.table_model import TableModel, Values

LARGEST_TABLE_DIFFERENCE = 1e-9
_LARGEST_BYTES = 4 * 1024 * 1024
_MOST_PATIENTS = 200


def table_difference(pack: Pack, table: TableModel) -> float:
    """Return the largest difference of a probability or interval from what is expected.

    Raises:
        RiskTableError: ``golden.json`` is not what it must be.
        PackError: it cannot be read, or is not the file that was released.
    """
    largest = 0.0
    for values, expected in _read(pack.read(GOLDEN_TABLE_NAME), pack.manifest):
        for code, estimate in zip(pack.manifest.codes, table.estimate(values), strict=True):
            found = (estimate.probability, estimate.low, estimate.high)
            largest = max(largest, *(abs(a - b) for a, b in zip(found, expected[code], strict=True)))
    return largest if math.isfinite(largest) else math.inf


def write_golden_table(folder: Path, manifest: Manifest, table: TableModel, patients: list[Values]) -> None:
    """Write ``golden.json`` of invented patients and what the table says of them."""
    entries = [
        {
            "values": dict(values),
            "expected": {
                code: [estimate.probability, estimate.low, estimate.high]
                for code, estimate in zip(manifest.codes, table.estimate(values), strict=True)
            },
        }
        for values in patients
    ]
    text = json.dumps({"patients": entries}, indent=1) + "\n"
    (folder / GOLDEN_TABLE_NAME).write_text(text, encoding="utf-8")


def _read(data: bytes, manifest: Manifest) -> list[tuple[Values, dict[str, tuple[float, ...]]]]:
    problems = Problems()
    try:
        if len(data) > _LARGEST_BYTES:
            raise ValueError("too large")
        content: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RiskTableError(f"{GOLDEN_TABLE_NAME} is not JSON") from error
    top = StrictTable(content if isinstance(content, dict) else {}, GOLDEN_TABLE_NAME, problems)
    patients = [_patient(table, manifest) for table in top.tables("patients")]
    top.finish()
    if len(patients) > _MOST_PATIENTS:
        top.problem("patients", "are too many")
    if problems.found:
        raise RiskTableError("; ".join(problems.found[:20]))
    return patients


def _patient(table: StrictTable, manifest: Manifest) -> tuple[Values, dict[str, tuple[float, ...]]]:
    given = table.table("values")
    values: dict[str, float | str] = {}
    for field in manifest.inputs:
        if not given.has(field.code):
            continue
        raw = given.number(field.code) if field.kind == "number" else given.text(field.code)
        values[field.code], fault = read_value(field, raw)
        if fault:
            given.problem(field.code, "is a value that cannot be")
    given.finish()
    answers = table.table("expected")
    expected = {code: answers.numbers(code, minimum=0, maximum=1, length=3) for code in manifest.codes}
    answers.finish()
    table.finish()
    if any(len(numbers) != 3 for numbers in expected.values()):
        table.problem("expected", "must have three numbers for each label")
    return values, expected
