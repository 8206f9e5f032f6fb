"""Which share of red cells has parasites, with intervals, and what the reader's own errors leave of it.

All shares are 0..1. Sources: Wilson, J Am Stat Assoc 22:209, 1927 (interval of a share); Rogan, Gladen, Am J
Epidemiol 107:71, 1978 (correction for sensitivity and specificity); Zou, Donner, Stat Med 27:1693, 2008
(interval of what is made of several numbers, each with its own interval).
"""

import math
from dataclasses import dataclass

_Z95 = 1.959963984540054
Range = tuple[float, float, float]
"""Value, lower end, upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How a reader of single cells errs: each with the range among patients."""

    sensitivity: Range
    specificity: Range


def share_interval(found: int, cells: int) -> Range:
    """Return the share found with its 95 % interval (Wilson's score).

    Raises:
        ValueError: there are no cells, or more found than there are.
    """
    if not 0 <= found <= cells or cells == 0:
        raise ValueError(f"{found} of {cells} cells")
    share, z2 = found / cells, _Z95 * _Z95
    middle = (share + z2 / (2 * cells)) / (1 + z2 / cells)
    half = _Z95 * math.sqrt(share * (1 - share) / cells + z2 / (4 * cells * cells)) / (1 + z2 / cells)
    low = 0.0 if found == 0 else max(0.0, middle - half)
    return share, low, 1.0 if found == cells else min(1.0, middle + half)


def corrected(found: int, cells: int, rates: Rates) -> Range:
    """Return the share of cells with parasites after the reader's own errors, with a 95 % interval.

    Raises:
        ValueError: as ``share_interval``; or the reader is no better than chance.
    """
    seen, seen_low, seen_high = share_interval(found, cells)
    sensitivity, poor, keen = rates.sensitivity
    specificity, loose, strict = rates.specificity
    value = _true_share(seen, sensitivity, specificity)
    below = (
        _true_share(seen_low, sensitivity, specificity),
        _true_share(seen, keen, specificity),
        _true_share(seen, sensitivity, loose),
    )
    above = (
        _true_share(seen_high, sensitivity, specificity),
        _true_share(seen, poor, specificity),
        _true_share(seen, sensitivity, strict),
    )
    low = value - math.sqrt(sum(max(0.0, value - one) ** 2 for one in below))
    high = value + math.sqrt(sum(max(0.0, one - value) ** 2 for one in above))
    return _cut(value), _cut(low), _cut(high)


def lowest_told(cells: int, rates: Rates) -> float:
    """Return the lowest true share that a count of so many cells tells from the reader's own false calls.

    It is that of the smallest count whose corrected interval lies above 0; 1.0 where none does.
    """
    low, high = 0, cells + 1
    while low < high:  # the corrected lower end never falls as more are found
        middle = (low + high) // 2
        if middle <= cells and corrected(middle, cells, rates)[1] <= 0:
            low = middle + 1
        else:
            high = middle
    return 1.0 if low > cells else corrected(low, cells, rates)[0]


def _true_share(seen: float, sensitivity: float, specificity: float) -> float:
    better_than_chance = sensitivity + specificity - 1
    if better_than_chance <= 0:
        raise ValueError("a reader no better than chance")
    return (seen + specificity - 1) / better_than_chance


def _cut(share: float) -> float:
    return min(1.0, max(0.0, share))
