"""Read a TOML table strictly: every key is asked for by type and range, and every problem is collected.

A wrong value is noted and replaced by a harmless one, so that one reading finds all problems.
"""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

_KINDS: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "a table",
}


class Problems:
    """What was found wrong so far, as sentences that name the place."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, where: str, what: str) -> None:
        """Note that ``what`` is wrong at ``where``."""
        self.found.append(f"{where}: {what}")


class StrictTable:
    """One table of a TOML file; ``where`` names it, as in ``labels[0].calibration``."""

    def __init__(self, values: Mapping[str, Any], where: str, problems: Problems) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.where = where
        self.problems = problems

    def place(self, key: str) -> str:
        """Return the full name of a key."""
        return ".".join(part for part in (self.where, key) if part)

    def problem(self, key: str, what: str) -> None:
        """Note that ``what`` is wrong with a key."""
        self.problems.add(self.place(key), what)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def all_keys(self) -> tuple[str, ...]:
        """Return all keys; whoever walks over them has asked for them."""
        self._asked.update(self._values)
        return tuple(self._values)

    def note_asked(self, key: str) -> None:
        """Note that a key was dealt with, whatever its type."""
        self._asked.add(key)

    def text(self, key: str, *, allowed: tuple[str, ...] = (), default: str | None = None) -> str:
        """Return a text that is not empty, one of ``allowed`` where that is given."""
        if default is not None and key not in self._values:
            return default
        value = self._get(key, str, "")
        if not isinstance(value, str) or key not in self._values:
            return ""
        if not value.strip():
            self.problem(key, "is empty")
        elif allowed and value not in allowed:
            self.problem(key, f"is {value!r}, must be one of {', '.join(allowed)}")
        return value

    def pattern(self, key: str, pattern: str, meaning: str, *, longest: int) -> str:
        """Return a text that fits a regular expression, which ``meaning`` says in words."""
        value = self.text(key)
        if value.strip():
            self.require_pattern(key, value[: longest + 1], pattern, meaning)
            if len(value) > longest:
                self.problem(key, f"is longer than {longest} characters")
        return value

    def require_pattern(self, key: str, value: str, pattern: str, meaning: str) -> None:
        """Note where ``value`` does not fit the regular expression."""
        if not re.fullmatch(pattern, value):
            self.problem(key, f"is {value!r:.60}, must be {meaning}")

    def texts(self, key: str, *, required: bool = True, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts; one that is required is not empty either."""
        items = self.items(key, required=required)
        if required and key in self._values and not items:
            self.problem(key, "is empty")
        for index, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                self.problem(f"{key}[{index}]", f"must be a text that is not empty, is {item!r}")
            elif allowed and item not in allowed:
                self.problem(f"{key}[{index}]", f"is {item!r}, must be one of {', '.join(allowed)}")
        texts = tuple(item for item in items if isinstance(item, str))
        if len(set(texts)) < len(texts):
            self.problem(key, "names something twice")
        return texts

    def truth(self, key: str, *, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and key not in self._values:
            return default
        return bool(self._get(key, bool, False))

    def whole(self, key: str, *, minimum: int, maximum: int, default: int | None = None) -> int:
        """Return a whole number from ``minimum`` to ``maximum``."""
        if default is not None and key not in self._values:
            return default
        value = self._get(key, int, minimum)
        return int(self._in_range(key, value, minimum, maximum))

    def number(
        self, key: str, *, minimum: float = -math.inf, maximum: float = math.inf, default: float | None = None
    ) -> float:
        """Return a finite number from ``minimum`` to ``maximum``."""
        if default is not None and key not in self._values:
            return default
        value = self._get(key, float, 0.0)
        if key not in self._values or not _is_number(value):
            return minimum if math.isfinite(minimum) else 0.0
        return self._in_range(key, float(value), minimum, maximum)

    def optional_number(self, key: str) -> float | None:
        """Return a finite number, or None where the key is not there."""
        return self.number(key) if key in self._values else None

    def numbers(
        self, key: str, *, minimum: float = -math.inf, maximum: float = math.inf, length: int | None = None
    ) -> tuple[float, ...]:
        """Return a list of finite numbers in a range, ``length`` of them where that is given."""
        items = self.items(key)
        numbers = tuple(float(item) for item in items if _is_number(item))
        if len(numbers) < len(items):
            self.problem(key, "must be a list of numbers")
        elif any(not minimum <= number <= maximum for number in numbers):
            self.problem(key, f"has a number that does not lie in {_range(minimum, maximum)}")
        if length is not None and key in self._values and len(items) != length:
            self.problem(key, f"must have {length} numbers, has {len(items)}")
        return numbers

    def items(self, key: str, *, required: bool = True) -> tuple[Any, ...]:
        """Return a list as it stands."""
        if not required and key not in self._values:
            return ()
        value = self._get(key, list, [])
        return tuple(value) if isinstance(value, list) else ()

    def table(self, key: str) -> "StrictTable":
        """Return a table that must be there."""
        value = self._get(key, dict, {})
        return StrictTable(
            value if isinstance(value, dict) else {}, self.place(key), self._problems_of(key, value)
        )

    def optional_table(self, key: str) -> "StrictTable | None":
        """Return a table, or None where it is not there."""
        return self.table(key) if key in self._values else None

    def tables(self, key: str, *, required: bool = True) -> Iterator["StrictTable"]:
        """Yield the tables of a list of tables."""
        items = self.items(key, required=required)
        if required and key in self._values and not items:
            self.problem(key, "is empty")
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield StrictTable(item, self.place(f"{key}[{index}]"), self.problems)
            else:
                self.problem(f"{key}[{index}]", "must be a table")

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                self.problem(key, "is not a key that Farlight knows")

    def _problems_of(self, key: str, value: object) -> Problems:
        """Return where the problems inside a table go: one that is missing is named once, not key by key."""
        return self.problems if key in self._values and isinstance(value, dict) else Problems()

    def _get(self, key: str, kind: type, placeholder: Any) -> Any:
        self._asked.add(key)
        if key not in self._values:
            self.problem(key, "is missing")
            return placeholder
        value = self._values[key]
        fits = (
            _is_number(value)
            if kind is float
            else isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        )
        if not fits:
            self.problem(key, f"must be {_KINDS.get(kind, 'a number')}, is {value!r:.60}")
            return placeholder
        return value

    def _in_range(self, key: str, value: float, minimum: float, maximum: float) -> float:
        if not minimum <= value <= maximum:
            self.problem(key, f"is {value:g}, must lie in {_range(minimum, maximum)}")
            return minimum if math.isfinite(minimum) else 0.0
        return value


def _is_number(value: object) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and abs(cast(float, value)) <= sys.float_info.max


def _range(minimum: float, maximum: float) -> str:
    return f"{minimum:g}..{maximum:g}"
