"""Calibrate a pack on labelled patients: table, prevalence and thresholds, and the text of its manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from core.errors import LeakedSplitError, PackNotChangedError, TooFewPatientsError
from core.wording import say
from services.evaluate_ask import Answer
from services.labelled import LabelledImage, lines_words

if TYPE_CHECKING:
    from inference.manifest import Calibration, Manifest

SENSITIVITIES: Mapping[str, float] = MappingProxyType({"sensitivity-95": 0.95, "sensitivity-90": 0.90})
"""The operating points that a calibration makes, and the sensitivity that each is chosen for."""
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScale:
    """How one label's logits become scores, and its thresholds by name; ``in_force`` names one of them."""

    code: str
    title: str
    calibration: "Calibration"
    thresholds: Mapping[str, float]
    in_force: str
    chosen_on: str = ""
    """In words, where this was made just now."""

    @property
    def threshold(self) -> float:
        """The threshold in force."""
        return self.thresholds[self.in_force]


def shared_out(images: Sequence[LabelledImage], *, is_split: bool) -> tuple[LabelledImage, ...]:
    """Return the images with their part: the table's own, else halves of the patients, alike in labels."""
    from evaluation.split import halves

    if is_split:
        return tuple(images)
    strata: dict[str, dict[str, int]] = {}
    for image in images:
        kinds = strata.setdefault(image.patient, {})
        for code, value in image.truth.items():
            kinds[code] = max(value, kinds.get(code, 0))
    parts = halves({patient: tuple(sorted(kinds.items())) for patient, kinds in strata.items()})
    return tuple(replace(image, part=parts[image.patient]) for image in images)


def require_apart(answers: Sequence[Answer]) -> None:
    """Check once more, on what was read, that nothing that calibrates also measures.

    Raises:
        LeakedSplitError: a patient, or the very same file, stands in both parts.
    """
    from evaluation.split import in_both

    images = [answer.image for answer in answers]
    parts = [image.part for image in images]
    for names, key in (
        ([image.patient for image in images], "leaked"),
        ([answer.sha256 or f"line {answer.image.line}" for answer in answers], "same_picture"),
    ):
        leaked = in_both(names, parts)
        if leaked:
            lines = lines_words([images[place].line for place in next(iter(leaked.values()))])
            raise LeakedSplitError(say(f"evaluation.labels.{key}", lines=lines))


def scales_of(manifest: "Manifest") -> tuple[LabelScale, ...]:
    """Return the labels' scales as the manifest has them."""
    return tuple(
        LabelScale(
            code=label.code,
            title=label.title,
            calibration=label.scoring.calibration,
            thresholds={point.name: point.threshold for point in label.scoring.operating_points},
            in_force=label.scoring.operating_point.name,
        )
        for label in manifest.labels
        if label.scoring is not None
    )


def calibrated_scales(
    manifest: "Manifest", answers: Sequence[Answer], name: str
) -> tuple[tuple[LabelScale, ...], list[str]]:
    """Return the scales made from the calibration part, the old ones where patients are too few, and notes.

    Raises:
        PackNotChangedError: the pack does not classify.
        TooFewPatientsError: there are too few for every label.
    """
    from evaluation.split import LEAST_FOR_CALIBRATION, patients_of_each_kind

    scales, notes, made = [], [], 0
    for scale in scales_of(manifest):
        known = [a for a in answers if scale.code in a.image.truth and scale.code in a.logits]
        patients, truth = [a.image.patient for a in known], [a.image.truth[scale.code] for a in known]
        if not known:
            scales.append(scale)
            continue
        without, with_it = patients_of_each_kind(patients, truth)
        if min(without, with_it) < LEAST_FOR_CALIBRATION:
            notes.append(_too_few(scale, without, with_it))
            scales.append(scale)
        else:
            logits = [answer.logits[scale.code] for answer in known]
            chosen_on = say("evaluation.chosen.on", set=name, patients=len(set(patients)))
            scales.append(_fitted(scale, logits, truth, chosen_on))
            made += 1
    if not scales:
        raise PackNotChangedError(say("evaluation.change.nothing"))
    if not made:
        raise TooFewPatientsError("; ".join(notes) or say("evaluation.few.unread"))
    return tuple(scales), notes


def manifest_text(
    text: str, scales: Sequence[LabelScale], figures: Sequence[Mapping[str, Any]], maps: Mapping[str, bool]
) -> str:
    """Return a manifest's text with what was made just now; comments and the rest stay.

    ``figures`` are those measured on the other part; ``maps`` says of each label whether its map passed.

    Raises:
        PackNotChangedError: the text cannot be edited safely.
    """
    from inference.manifest_edit import with_scoring, with_tables

    for scale in scales:
        changes: dict[str, Any] = {}
        if scale.code in maps:
            changes["map_shown"] = maps[scale.code]
        if scale.chosen_on:
            changes |= {
                "operating_point": scale.in_force,
                "operating_points": [_point(scale, name, figures) for name in scale.thresholds],
                "calibration": _table(scale.calibration),
            }
        if changes:
            text = with_scoring(text, scale.code, changes)
    return with_tables(text, "figures", [_shown(figure) for figure in figures if figure["in_manifest"]])


def _fitted(scale: LabelScale, logits: Sequence[float], truth: Sequence[int], chosen_on: str) -> LabelScale:
    import numpy as np

    from evaluation.calibration import fit_table, threshold_for
    from inference.calibration import calibrated
    from inference.manifest import Calibration

    values, labels = np.array(logits, np.float64), np.array(truth, np.int64)
    table = fit_table(values, labels)
    _, kept = np.unique(np.round(table.logits, _DIGITS), return_index=True)
    calibration = Calibration(
        prevalence=round(float(labels.mean()), 4),
        logits=tuple(round(float(value), _DIGITS) for value in table.logits[kept]),
        lower=tuple(round(float(value), _DIGITS) for value in table.lower[kept]),
        upper=tuple(round(float(value), _DIGITS) for value in table.upper[kept]),
    )
    scores = np.array([calibrated(calibration, float(logit))[0] for logit in values])
    thresholds = {name: _floor(threshold_for(scores, labels, goal)) for name, goal in SENSITIVITIES.items()}
    in_force = scale.in_force if scale.in_force in thresholds else next(iter(thresholds))
    return replace(
        scale, calibration=calibration, thresholds=thresholds, in_force=in_force, chosen_on=chosen_on
    )


def _too_few(scale: LabelScale, without: int, with_it: int) -> str:
    from evaluation.split import LEAST_FOR_CALIBRATION

    return say(
        "evaluation.few.calibration",
        title=scale.title,
        without=without,
        with_it=with_it,
        needed=LEAST_FOR_CALIBRATION,
    )


def _floor(threshold: float) -> float:
    """Round down: rounded up, a threshold would miss the very patient that it was chosen by."""
    return float(int(threshold * 10**_DIGITS)) / 10.0**_DIGITS


def _table(calibration: "Calibration") -> dict[str, Any]:
    return {
        "method": "venn-abers",
        "prevalence": calibration.prevalence,
        "logits": list(calibration.logits),
        "lower": list(calibration.lower),
        "upper": list(calibration.upper),
    }


def _point(scale: LabelScale, name: str, figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    point: dict[str, Any] = {
        "name": name,
        "threshold": scale.thresholds[name],
        "chosen_on": scale.chosen_on,
    }
    for rate in ("sensitivity", "specificity"):
        found = [f for f in figures if f["code"] == scale.code and f["rate"] == f"{rate} at {name}"]
        if found and "interval" in found[0]:
            point[rate] = [found[0]["value"], *found[0]["interval"]]
            point["measured_on"] = found[0]["population"]
    return point


def _shown(figure: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("population", "metric", "value", "interval", "patients", "images")
    return {key: figure[key] for key in keys if key in figure}
