"""How many digits of a measured number are worth writing."""

import math

_AS_GOOD_AS = 0.05
_MOST_DECIMALS = 3


def decimals(value: float, interval: tuple[float, float] | None = None) -> int:
    """Return how many digits after the point the number is worth: the first that half its interval reaches.

    A number without an interval is taken as good to a twentieth of itself, a whole one as a count.
    """
    if interval is None and value == round(value):
        return 0
    low, high = interval or ((1 - _AS_GOOD_AS) * value, (1 + _AS_GOOD_AS) * value)
    half = abs(high - low) / 2
    return min(_MOST_DECIMALS, max(0, -math.floor(math.log10(half)))) if half > 0 else 0


def measured_number(value: float, interval: tuple[float, float] | None = None) -> str:
    """Return a measured number with the digits that it is worth, and its interval with the same."""
    digits = decimals(value, interval)
    text = _written(value, digits)
    if interval is not None:
        text += f" ({_written(interval[0], digits)} to {_written(interval[1], digits)})"
    return text


def _written(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text
