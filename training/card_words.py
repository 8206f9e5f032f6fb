"""What people say on a card, beside what was measured: the only typed part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def no_facts(_measured: Mapping[str, Any]) -> Mapping[str, object]:
    """Return nothing: the failures name no figure."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """Paragraphs of Markdown: facts about data and network, and known failures as list items.

    What `data`, `failures` and `on` name in braces is `facts` of what was measured. `on` says of a section
    of the card what its numbers were measured on and with, where that is not what all others are: `scores`
    (instead of the usual sentence), `reliability`, `undecided` and `bounds` (after these words), `engines`,
    `own`, `baselines`, `map`.
    """

    data: str
    network: str
    calibration: str
    failures: tuple[str, ...]
    facts: Callable[[Mapping[str, Any]], Mapping[str, object]] = no_facts
    on: Mapping[str, str] = field(default_factory=dict)


def figure_of(measured: Mapping[str, Any], population: str, metric: str) -> Mapping[str, Any]:
    """Return one figure of a card.

    Raises:
        KeyError: it was not measured.
    """
    for figure in measured["figures"]:
        if (figure["population"], figure["metric"]) == (population, metric):
            found: Mapping[str, Any] = figure
            return found
    raise KeyError(f"{population}; {metric}")
