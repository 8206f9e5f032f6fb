"""How common a finding is at the clinic, and what a score means there.

A probability is calibrated at the prevalence of the data that a model learned from. Where fewer or more of
the patients who come have the finding, the same score means something else: Bayes' rule moves it. Thresholds
and positions stay: the order of scores does not change.

Source of the rule: prior shift, Saerens, Latinne, Decaestecker, Neural Computation 14:21, 2002, equation 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import PrevalenceError
from core.result import Finding, PackResult, Result, SiteProbability

LEAST, MOST = 0.0001, 0.9999
"""Nothing is so rare or so common that a score could not change it: 0 and 1 would silence the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevalence:
    """How many of those who are examined have a finding (0..1).

    ``pack_id`` and ``version`` bind it to a model; where both are empty, it holds for that finding whoever
    speaks of it (given on the command line). ``source`` says where the number is from.
    """

    finding: str
    share: float
    pack_id: str = ""
    version: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no share of patients.

        Raises:
            PrevalenceError: it does not lie from 0.01 to 99.99 of 100 patients.
        """
        if not LEAST <= self.share <= MOST:
            raise PrevalenceError(f"{self.finding}: {self.share}")

    def is_about(self, pack: PackResult, finding: Finding) -> bool:
        """Whether it holds for what this model says of this finding."""
        own = (pack.stamp.pack_id, pack.stamp.version)
        return self.finding == finding.code and (self.pack_id, self.version) in (own, ("", ""))


def reweighted(probability: float, *, made_at: float, here: float) -> float:
    """Return a probability (0..1) that was calibrated at one prevalence as it is at another."""
    for_it = probability * here / made_at
    against = (1.0 - probability) * (1.0 - here) / (1.0 - made_at)
    return for_it / (for_it + against)


def at_site(result: Result, prevalences: Sequence[Prevalence]) -> Result:
    """Return a result with what each score means at the clinic, and nothing of another clinic."""
    packs = tuple(
        replace(pack, findings=tuple(_at_site(pack, one, prevalences) for one in pack.findings))
        for pack in result.results
    )
    return replace(result, results=packs)


def _at_site(pack: PackResult, finding: Finding, prevalences: Sequence[Prevalence]) -> Finding:
    said = next((one for one in prevalences if one.is_about(pack, finding)), None)
    made_at = finding.calibrated_at_prevalence
    if said is None or made_at is None or not 0.0 < made_at < 1.0:
        return replace(finding, site=None)
    here = said.share
    interval = finding.interval and (
        reweighted(finding.interval[0], made_at=made_at, here=here),
        reweighted(finding.interval[1], made_at=made_at, here=here),
    )
    probability = reweighted(finding.probability, made_at=made_at, here=here)
    site = SiteProbability(prevalence=here, probability=probability, interval=interval, source=said.source)
    return replace(finding, site=site)
