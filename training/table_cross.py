"""Repeated nested cross-validation of table models: penalties are chosen inside, figures taken outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.table_model import Term
from training.table_data import Cohort, Floats, asked_terms, centred, folds_of, raw_terms, standardised
from training.table_fit import Fitted, cox_likelihood, fit_cox, fit_logistic, fit_multinomial

REPEATS, FOLDS, INNER_FOLDS = 10, 5, 5
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
DRAWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """What models said of patients that they had not seen.

    `sums` (repeat, patient, label) are intercept plus score.
    `scores` (repeat, patient) is the score of the first label alone, for ranking.
    """

    sums: Floats
    scores: Floats
    penalties: tuple[float, ...]

    def probabilities(self, model: str) -> Floats:
        """Return (repeat, patient, label)."""
        return probabilities(self.sums, model)


def probabilities(sums: Floats, model: str) -> Floats:
    """Return the probabilities of intercepts plus scores; the last axis are the labels."""
    if model == "cox":
        return np.asarray(-np.expm1(-np.exp(np.clip(sums, -30, 30))))
    if model == "logistic":
        return np.asarray(1 / (1 + np.exp(-sums)))
    powers = np.exp(sums - sums.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def fit(cohort: Cohort, x: Floats, chosen: NDArray[np.intp], penalty: float) -> Fitted:
    """Fit a cohort's model to some of its patients."""
    y = cohort.y[chosen]
    if cohort.model == "cox":
        return fit_cox(x[chosen], cohort.days[chosen], y.astype(float), penalty, cohort.horizon)
    if cohort.model == "logistic":
        return fit_logistic(x[chosen], y.astype(float), penalty)
    return fit_multinomial(x[chosen], y, len(cohort.labels), penalty)


def cross_validate(
    cohort: Cohort, terms: Sequence[Term], repeats: int = REPEATS, salt: str = ""
) -> OutOfFold:
    """Return what models said of each patient in each repeat, each fitted and tuned without that patient.

    Another `salt` makes other folds.
    """
    raw, asked = raw_terms(cohort, terms), asked_terms(cohort, terms)
    sums = np.zeros((repeats, len(cohort), len(cohort.labels)))
    penalties: list[float] = []
    for repeat in range(repeats):
        folds = folds_of(cohort, FOLDS, f"outer-{salt}{repeat}")
        for fold in range(FOLDS):
            seen, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            penalty = choose_penalty(cohort, raw, terms, seen, f"inner-{salt}{repeat}-{fold}")
            penalties.append(penalty)
            fold_terms = centred(raw[seen], terms)
            x = standardised(raw, fold_terms)
            fitted = fit(cohort, x, seen, penalty)
            sums[repeat, left] = fitted.scores(standardised(asked[left], fold_terms))
    return OutOfFold(sums=sums, scores=sums[:, :, 0], penalties=tuple(penalties))


def choose_penalty(
    cohort: Cohort, raw: Floats, terms: Sequence[Term], seen: NDArray[np.intp], salt: str
) -> float:
    """Return the penalty with the best likelihood on inner folds of some patients."""
    folds = folds_of(cohort, INNER_FOLDS, salt)[seen]
    worth = np.zeros(len(PENALTIES))
    for fold in range(INNER_FOLDS):
        fitting, trying = seen[folds != fold], seen[folds == fold]
        x = standardised(raw, centred(raw[fitting], terms))
        for number, penalty in enumerate(PENALTIES):
            sums = fit(cohort, x, fitting, penalty).scores(x[trying])
            worth[number] += _likelihood(cohort, sums, trying)
    return PENALTIES[int(np.argmax(worth))]


def _likelihood(cohort: Cohort, sums: Floats, chosen: NDArray[np.intp]) -> float:
    y = cohort.y[chosen]
    if cohort.model == "cox":
        return cox_likelihood(sums[:, 0], cohort.days[chosen], y.astype(float))
    chance = probabilities(sums, cohort.model)
    if cohort.model == "logistic":
        chance = np.column_stack([1 - chance[:, 0], chance[:, 0]])
    return float(np.log(np.maximum(chance[np.arange(len(y)), y], 1e-12)).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The model on all patients, and fits to resampled ones: `draws` is (draw, label, 1 + term).

    Models with one label have no such fits: their interval is that of a Venn-Abers table.
    """

    terms: tuple[Term, ...]
    fitted: Fitted
    penalty: float
    draws: Floats | None


def final_model(cohort: Cohort, terms: Sequence[Term], draws: int = DRAWS) -> Final:
    """Fit all patients, and resampled ones (whole groups) for the interval; seeds are fixed."""
    raw = raw_terms(cohort, terms)
    everyone = np.arange(len(cohort))
    penalty = choose_penalty(cohort, raw, terms, everyone, "final")
    kept = centred(raw, terms)
    x = standardised(raw, kept)
    drawn = None
    if cohort.model == "multinomial":
        drawn = refits(cohort, x, everyone, penalty, np.random.default_rng(20260), draws)
    return Final(terms=kept, fitted=fit(cohort, x, everyone, penalty), penalty=penalty, draws=drawn)


def refits(  # noqa: PLR0917 - one fit, many times
    cohort: Cohort,
    x: Floats,
    seen: NDArray[np.intp],
    penalty: float,
    random: np.random.Generator,
    draws: int = DRAWS,
) -> Floats:
    """Return fits to resampled patients (whole groups) of those seen: (draw, label, 1 + term)."""
    own = np.array(cohort.group)[seen]
    members = [seen[np.flatnonzero(own == group)] for group in dict.fromkeys(own.tolist())]
    kinds = len(np.unique(cohort.y[seen]))
    rows: list[Floats] = []
    while len(rows) < draws:
        chosen = np.concatenate([members[place] for place in random.integers(0, len(members), len(members))])
        if len(np.unique(cohort.y[chosen])) < kinds:
            continue
        drawn = fit(cohort, x, chosen, penalty)
        rows.append(np.column_stack([drawn.intercepts, drawn.coefficients]))
    return np.array(rows)
