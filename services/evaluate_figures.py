"""From what a pack said of labelled images to the figures of its card."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.errors import TooFewPatientsError
from core.result import Precision
from core.wording import say
from services.calibrate_pack import LabelScale
from services.evaluate_ask import Answer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.figures import Figure

ALL, ANSWERED = "{name}, all", "{name}, answered"
_IN_MANIFEST = ("AUC", "calibration error, 10 bins of equal width", "median Dice")
_AGES = ((0, 1), (1, 6), (6, 18), (18, 40), (40, 65), (65, 131))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The images whose truth is known for one label, with their scores: arrays of one length."""

    answers: tuple[Answer, ...]
    scores: "NDArray[np.float64]"
    truth: "NDArray[np.int64]"

    @property
    def patients(self) -> list[str]:
        """Whose images they are."""
        return [answer.image.patient for answer in self.answers]

    def where(self, chosen: "NDArray[np.bool_]") -> "Scored":
        """Return a part of them."""
        kept = tuple(answer for answer, keep in zip(self.answers, chosen, strict=True) if keep)
        return replace(self, answers=kept, scores=self.scores[chosen], truth=self.truth[chosen])


def scored(scale: LabelScale, answers: Sequence[Answer]) -> Scored:
    """Return the images of a label with their scores, gates off."""
    import numpy as np

    known = tuple(a for a in answers if scale.code in a.image.truth and scale.code in a.logits)
    return Scored(
        answers=known,
        scores=np.array([_score(scale, answer.logits[scale.code]) for answer in known], np.float64),
        truth=np.array([answer.image.truth[scale.code] for answer in known], np.int64),
    )


def label_figures(
    scale: LabelScale, answers: Sequence[Answer], name: str, *, alone: bool
) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """Return the figures of one label, what the card says of it besides, and notes on what is not stated.

    ``alone`` is whether the pack has no other label, whose figures would need telling apart.
    """
    import numpy as np

    from evaluation.scores import reliability

    every = scored(scale, answers)
    short = _too_few(scale.title, every)
    if short:
        return [], {"code": scale.code, "title": scale.title}, [short]
    spoken = np.array([answer.gate is None for answer in every.answers])
    figures = _figures(scale, ALL.format(name=name), every, alone=alone)
    notes: list[str] = []
    for population, part in ((ANSWERED.format(name=name), every.where(spoken)), *_subgroups(name, every)):
        fault = _too_few(f"{scale.title}, {population}", part)
        if fault:
            notes.append(fault)
        else:
            rows = _figures(scale, population, part, alone=alone)
            figures += rows if population == ANSWERED.format(name=name) else _headline(rows, scale)
    entry = {
        "code": scale.code,
        "title": scale.title,
        "share_ill": round(float(every.truth.mean()), 4),
        "undecided": round(_undecided(scale, every), 4),
        "reliability": reliability(every.scores, every.truth),
        "baselines": [row.as_table() for row in _baselines(every)],
    }
    return figures, entry, notes


def precision_rows(scale: LabelScale, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Return, for each precision, AUC, the largest difference from FP32, and who changes sides."""
    import numpy as np

    from evaluation.figures import area_under_curve

    known = [a for a in answers if scale.code in a.beside.get("fp32", {})]
    if not known:
        return []

    def scores_in(precision: Precision) -> "NDArray[np.float64]":
        return np.array([_score(scale, a.beside[precision][scale.code]) for a in known], np.float64)

    reference = scores_in("fp32")
    told = np.array([scale.code in a.image.truth for a in known])
    truth = np.array([a.image.truth.get(scale.code, 0) for a in known], np.int64)
    rows = []
    for precision in known[0].beside:
        scores = scores_in(precision)
        area = area_under_curve(scores[told], truth[told])
        other = (scores >= scale.threshold) != (reference >= scale.threshold)
        rows.append(
            {
                "code": scale.code,
                "title": scale.title,
                "precision": precision,
                "AUC": round(area, 4) if np.isfinite(area) else None,
                "largest_difference": round(float(np.abs(scores - reference).max()), 6),
                "other_side": round(float(other.mean()), 6),
                "images": len(known),
            }
        )
    return rows


def outline_figures(
    titles: Mapping[str, str], answers: Sequence[Answer], name: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return Dice of each structure, of all images and of those that the pack answers.

    Raises:
        TooFewPatientsError: no structure has masks of enough patients.
    """
    import numpy as np

    from evaluation.figures import measured
    from evaluation.split import LEAST_FOR_FIGURES

    figures: list[dict[str, Any]] = []
    notes: list[str] = []
    for code, title in titles.items():
        masked = [answer for answer in answers if code in answer.dice]
        for population, part in (
            (ALL.format(name=name), masked),
            (ANSWERED.format(name=name), [answer for answer in masked if answer.gate is None]),
        ):
            patients = [answer.image.patient for answer in part]
            if len(set(patients)) < LEAST_FOR_FIGURES:
                notes.append(
                    say(
                        "evaluation.few.dice",
                        title=f"{title}, {population}",
                        patients=len(set(patients)),
                        needed=LEAST_FOR_FIGURES,
                    )
                )
                continue
            values = np.array([answer.dice[code] for answer in part], np.float64)
            for metric, statistic in _dice_statistics(values).items():
                figure = measured(population, f"{metric}, {title}", patients, statistic)
                shown = metric in _IN_MANIFEST and population == ALL.format(name=name)
                figures.append(_row(figure, code, metric, in_manifest=shown))
    if not figures:
        raise TooFewPatientsError("; ".join(notes))
    return figures, notes


def _dice_statistics(
    values: "NDArray[np.float64]",
) -> "dict[str, Callable[[NDArray[np.int64]], float]]":
    import numpy as np

    return {
        "median Dice": lambda chosen: float(np.median(values[chosen])),
        "mean Dice": lambda chosen: float(np.mean(values[chosen])),
        "5th percentile of Dice": lambda chosen: float(np.quantile(values[chosen], 0.05)),
    }


def _score(scale: LabelScale, logit: float) -> float:
    from inference.calibration import calibrated

    return calibrated(scale.calibration, logit)[0]


def _figures(scale: LabelScale, population: str, part: Scored, *, alone: bool) -> list[dict[str, Any]]:
    from evaluation.scores import score_figures

    rows = []
    for figure in score_figures(population, part.patients, part.scores, part.truth, scale.thresholds):
        shown = figure.metric in _IN_MANIFEST and population.endswith(", all")
        named = figure if alone else replace(figure, metric=f"{figure.metric}, {scale.title}")
        rows.append(_row(named, scale.code, figure.metric, in_manifest=shown))
    return rows


def _row(figure: "Figure", code: str, rate: str, *, in_manifest: bool) -> dict[str, Any]:
    return {**figure.as_table(), "code": code, "rate": rate, "in_manifest": in_manifest}


def _headline(rows: Sequence[dict[str, Any]], scale: LabelScale) -> list[dict[str, Any]]:
    wanted = {"AUC", f"sensitivity at {scale.in_force}", f"specificity at {scale.in_force}"}
    return [row for row in rows if row["rate"] in wanted]


def _too_few(title: str, part: Scored) -> str | None:
    """Return the sentence that says how many patients are missing, or None."""
    from evaluation.split import LEAST_FOR_FIGURES, patients_of_each_kind

    without, with_it = patients_of_each_kind(part.patients, [int(value) for value in part.truth])
    if min(without, with_it) >= LEAST_FOR_FIGURES:
        return None
    return say(
        "evaluation.few.figures", title=title, without=without, with_it=with_it, needed=LEAST_FOR_FIGURES
    )


def _subgroups(name: str, every: Scored) -> "list[tuple[str, Scored]]":
    """Return the images of each site, sex and range of ages, where there are several of a kind."""
    import numpy as np

    kinds: list[tuple[str, Callable[[Answer], str | None]]] = [
        ("site", lambda answer: answer.image.site),
        ("sex", lambda answer: answer.image.sex),
        ("age", _age_words),
    ]
    groups = []
    for kind, key in kinds:
        keys = [key(answer) for answer in every.answers]
        values = sorted({value for value in keys if value is not None})
        for value in values if len(values) > 1 else ():
            chosen = np.array([each == value for each in keys])
            groups.append((f"{name}, {kind} {value}", every.where(chosen)))
    return groups


def _age_words(answer: Answer) -> str | None:
    if answer.age_years is None:
        return None
    for first, beyond in _AGES:
        if first <= answer.age_years < beyond:
            return f"{first:02d} to {beyond - 1:02d} years" if beyond > 1 else "below 01 year"
    return None


def _undecided(scale: LabelScale, part: Scored) -> float:
    import numpy as np

    from inference.calibration import calibrated, position_of

    positions = [
        position_of(calibrated(scale.calibration, answer.logits[scale.code]), scale.threshold)
        for answer in part.answers
    ]
    return float(np.mean([position == "undecided" for position in positions]))


def _baselines(part: Scored) -> "list[Figure]":
    import numpy as np

    from evaluation.baseline import baseline_figures, cross_validated, views

    thumbs = [answer.thumb for answer in part.answers if answer.thumb is not None]
    if len(thumbs) < len(part.answers):
        return []
    pixels = np.stack(thumbs).astype(np.float64) / 255
    fit = partial(cross_validated, labels=part.truth, patients=part.patients)
    return baseline_figures(
        part.patients, {name: fit(pixels[:, seen]) for name, seen in views().items()}, part.truth
    )
