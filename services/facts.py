"""What a pack's manifest says of itself, as window and paper repeat it."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.model_facts import ModelFacts, OperatingPoint, TestFigure
from core.wording import has_sentence, say

if TYPE_CHECKING:
    from inference.manifest import Label, Manifest, Rate
    from inference.packs import Pack


def facts_of(pack: "Pack") -> ModelFacts:
    """Return a pack's facts, from its manifest."""
    manifest = pack.manifest
    return ModelFacts(
        pack_id=manifest.id,
        version=str(manifest.version),
        title=manifest.title,
        pack_class=manifest.pack_class,
        intended_use=manifest.intended_use,
        not_for=manifest.not_for,
        weak_where=manifest.weak_where,
        not_looked_for=manifest.not_looked_for,
        training_population=manifest.training_data.population,
        figures=tuple(
            TestFigure(
                population=figure.population.replace("`", ""),  # marks of the card, not of a sentence
                metric=figure.metric,
                value=figure.value,
                interval=figure.interval,
                patients=figure.patients,
                images=figure.images if manifest.applies.modalities else None,
                unit=figure.unit,
            )
            for figure in manifest.figures
        ),
        operating_points=MappingProxyType(
            {label.code: _operating_point(label) for label in manifest.scored_labels}
        ),
        scored=tuple((label.code, label.title) for label in manifest.scored_labels if not label.beside)
        if manifest.counting is None
        else (),
        always_say=tuple(_always_say(manifest)),
        licence=manifest.licence.spdx,
        attribution=manifest.licence.attribution,
        commercial_use=manifest.licence.commercial_use,
        files=tuple(sorted(manifest.files.items())),
        fields=manifest.inputs,
        modalities=manifest.applies.modalities,
    )


def _always_say(manifest: "Manifest") -> Iterator[str]:
    note = f"reports.pack_notes.{manifest.id}"
    if has_sentence(note):
        yield say(note)
    if not manifest.licence.commercial_use:
        yield say("packs.licence.non_commercial")


def _operating_point(label: "Label") -> OperatingPoint:
    assert label.scoring is not None
    point = label.scoring.operating_point
    return OperatingPoint(
        name=point.name,
        threshold=point.threshold,
        chosen_on=point.chosen_on,
        sensitivity=_rate(point.sensitivity),
        specificity=_rate(point.specificity),
        measured_on=point.measured_on.replace("`", ""),
    )


def _rate(rate: "Rate | None") -> tuple[float, float, float] | None:
    return None if rate is None else (rate.value, rate.low, rate.high)
