"""Compare what was measured again with what a pack's card was written from."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ABSOLUTE, RELATIVE = 0.005, 0.01
"""Two numbers are the same where they differ by at most so much, or by such a part of the kept one."""
NOT_COMPARED = ("pack", "speed")
"""What is no result of measuring: facts of the pack's own files, and times."""
_TIMES = ("_s", "_ms", "_seconds")


def differences(kept: Any, measured: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each value that is not the same: where it stands, as kept, as measured.

    Rows that name a population and a metric are compared by these, whatever their order.
    """
    kept, measured = _by_name(kept), _by_name(measured)
    if isinstance(kept, Mapping) and isinstance(measured, Mapping):
        for key in [*kept, *(key for key in measured if key not in kept)]:
            if _compared(str(key), top=not path):
                inner = f"{path}.{key}" if path else str(key)
                yield from differences(kept.get(key, _ABSENT), measured.get(key, _ABSENT), inner)
    elif _is_list(kept) and _is_list(measured) and len(kept) == len(measured):
        for place, (one, other) in enumerate(zip(kept, measured, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif not _same(kept, measured):
        yield f"{path}: kept {_text(kept)}, measured {_text(measured)}"


def report(kept: Mapping[str, Any], measured: Mapping[str, Any]) -> int:
    """Print each difference, or that there is none, to standard error; return the exit status.

    `measured` may be as it was made: it is compared as JSON would hold it.
    """
    found = list(differences(kept, json.loads(json.dumps(measured))))
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print(f"the figures differ from the card's in {len(found)} places ({_TOLERANCE})", file=sys.stderr)
        return 1
    print(f"the card's figures are reproduced ({_TOLERANCE})", file=sys.stderr)
    return 0


def card_is_current(folder: Path, card: str) -> bool:
    """Tell whether a pack's card is what its figures give, and say so on standard error where it is not."""
    if (folder / "card.md").read_text(encoding="utf-8") == card:
        return True
    print("card.md is not what figures.json and the recipe's words give: run with --card", file=sys.stderr)
    return False


class _Absent:
    """Stands for a value that one side does not have."""


_ABSENT = _Absent()
_TOLERANCE = f"numbers within {ABSOLUTE:g}, or {RELATIVE:.0%} of the kept one; times not compared"


def _compared(key: str, *, top: bool) -> bool:
    return not (top and key in NOT_COMPARED) and not key.endswith(_TIMES)


def _by_name(value: Any) -> Any:
    """Return rows of figures by population and metric, where these tell all of them apart."""
    if not _is_list(value) or not all(isinstance(row, Mapping) for row in value):
        return value
    if not all({"population", "metric"} <= row.keys() for row in value):
        return value
    named = {f"{row['population']}; {row['metric']}": row for row in value}
    return named if value and len(named) == len(value) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(kept: Any, measured: Any) -> bool:
    if not (_is_number(kept) and _is_number(measured)):
        return type(kept) is type(measured) and bool(kept == measured)
    if math.isnan(kept) or math.isnan(measured):
        return math.isnan(kept) and math.isnan(measured)
    return abs(kept - measured) <= max(ABSOLUTE, RELATIVE * abs(kept)) + 1e-12


def _text(value: Any) -> str:
    return "nothing" if isinstance(value, _Absent) else json.dumps(value)
