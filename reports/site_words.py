"""What a score means where the clinic is, in natural frequencies: the same in the window and on paper."""

from core.result import Finding
from core.wording import say
from reports.text import clean_line, in_sentence


def site_sentence(finding: Finding) -> str:
    """Return in natural frequencies what a score means here; "" where nothing may be said.

    An undecided score counts as not answered.
    """
    if finding.site is None or finding.position == "undecided":
        return ""
    site = finding.site
    words = {
        "label": in_sentence(clean_line(finding.label)),
        "count": _of_hundred(site.probability),
        "here": _share(site.prevalence),
    }
    if site.interval is None:
        return say("reports.site.of_100", **words)
    low, high = (_of_hundred(bound) for bound in site.interval)
    return say("reports.site.of_100_between", low=low, high=high, **words)


def _of_hundred(probability: float) -> str:
    """Return how many of 100, as far as whole patients say it."""
    count = round(100.0 * probability)
    if count == 0:
        return say("reports.site.fewer_than_1")
    return say("reports.site.more_than_99") if count == 100 else str(count)


def _share(share: float) -> str:
    """Return a share as patients of 100, 1,000 or 10,000, whichever shows whole patients."""
    for total in (100, 1000):
        count = share * total
        if count >= 1 and abs(count - round(count)) < 1e-6:
            return say("reports.site.share", count=round(count), total=f"{total:,}")
    return say("reports.site.share", count=f"{round(share * 10_000):,}", total="10,000")
