"""What a score means where the clinic is, in natural frequencies: the same in the window and on paper."""

import math

from core.result import Finding
from core.wording import say
from reports.text import clean_line, in_sentence

_TOTALS = (100, 1_000, 10_000)
"""Of how many patients is spoken: the first of whom the sentence is true in whole patients."""
_EXACT = 1e-6
"""How far from a whole number of patients a share may lie as numbers in a computer do."""
_ROUNDED = 0.05
"""By what share of itself a number of patients may be rounded and still be said with "about"."""


def site_sentence(finding: Finding) -> str:
    """Return in natural frequencies what a score means here; "" where nothing may be said.

    An undecided score counts as not answered.
    """
    if finding.site is None or finding.position == "undecided":
        return ""
    site = finding.site
    total = _total(site.probability)
    count = _nearest(total * site.probability)
    return say(
        "reports.site.of_total",
        total=f"{total:,}",
        count=_count(count, total),
        have=say("reports.site.has" if count in (0, 1) else "reports.site.have"),
        label=in_sentence(clean_line(finding.label)),
        between=_between(site.interval, count, total),
        here=_share(site.prevalence),
    )


def _total(probability: float) -> int:
    """Return of how many patients is spoken, so that neither nobody nor everybody is said to have it."""
    fitting = (total for total in _TOTALS if 0 < _nearest(total * probability) < total)
    return next(fitting, _TOTALS[-1])


def _count(count: int, total: int) -> str:
    if count == 0:
        return say("reports.site.fewer_than_1")
    if count == total:
        return say("reports.site.more_than", count=f"{total - 1:,}")
    return say("reports.site.about", count=f"{count:,}")


def _between(interval: tuple[float, float] | None, count: int, total: int) -> str:
    """Return the interval in words, rounded outward to enclose the number; "" where it adds nothing."""
    if interval is None:
        return ""
    low = math.floor(total * interval[0] + _EXACT)
    high = math.ceil(total * interval[1] - _EXACT)
    if low <= 0 and high >= total:
        return say("reports.site.open")
    if low >= high:
        return ""
    if low > 0 and high < total:  # else one bound is not told, and the other is at the number or past it
        low, high = min(low, count - 1), max(high, count + 1)
    words = {"low": f"{low:,}", "high": f"{high:,}"}
    if low <= 0:
        return say("reports.site.at_most", **words) if high > max(count, 1) else ""
    if high >= total:
        return say("reports.site.at_least", **words) if low < min(count, total - 1) else ""
    return say("reports.site.between", **words)


def _share(share: float) -> str:
    """Return a share in patients: where it is whole patients, so; else as near as is honest, with "about"."""
    for total in _TOTALS:
        count = _nearest(total * share)
        if count and abs(total * share - count) < _EXACT:
            return say("reports.site.share", count=f"{count:,}", total=f"{total:,}")
    rarer = min(share, 1.0 - share)
    near = (t for t in _TOTALS if abs(t * share - _nearest(t * share)) <= _ROUNDED * t * rarer)
    total = next(near, _TOTALS[-1])
    return say("reports.site.share_about", count=f"{_nearest(total * share):,}", total=f"{total:,}")


def _nearest(number: float) -> int:
    """Return the nearest whole number; halves go up, as people round."""
    return math.floor(number + 0.5)
