"""Penalised regression on small tables: Cox, logistic and multinomial, by Newton steps.

`x` is (patient, term), standardised; `penalty` is the weight of half the squared coefficients (ridge);
intercepts are not penalised. Ties of event times are handled as Breslow does.

Source: Cox, J R Stat Soc B 34:187, 1972; Breslow, Biometrics 30:89, 1974; Hoerl, Kennard, Technometrics
12:55, 1970.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS, _SMALL = 40, 1e-9
_FREE = 1e-6
"""Penalty of the intercepts of a softmax model: only their differences count, so that it costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted model: intercepts (label,), coefficients (label, term), and of Cox models the baseline.

    `days` and `hazard` are event days and the cumulative baseline hazard after each, at `x` of zero.
    """

    intercepts: Floats
    coefficients: Floats
    days: Floats | None = None
    hazard: Floats | None = None

    def scores(self, x: Floats) -> Floats:
        """Return (patient, label): intercept plus score."""
        return np.asarray(self.intercepts + x @ self.coefficients.T)

    def hazard_at(self, day: float) -> float:
        """Return the cumulative baseline hazard at a day."""
        assert self.days is not None
        assert self.hazard is not None
        place = int(np.searchsorted(self.days, day, side="right"))
        return float(self.hazard[place - 1]) if place else 0.0


def fit_cox(x: Floats, days: Floats, event: Floats, penalty: float, horizon: float) -> Fitted:
    """Fit proportional hazards; the intercept is the logarithm of the cumulative hazard at `horizon`."""
    order = np.argsort(days, kind="stable")
    x, days, event = x[order], days[order], event[order]
    beta = np.zeros(x.shape[1])
    first = np.searchsorted(days, days, side="left")
    for _ in range(_STEPS):
        gradient, curvature = _cox_derivatives(beta, x, event, first)
        gradient -= penalty * beta
        step = np.linalg.solve(curvature + penalty * np.eye(len(beta)), gradient)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _SMALL:
            break
    risk = np.exp(x @ beta)
    at_risk = np.cumsum(risk[::-1])[::-1][first]
    unique = np.unique(days[event > 0])
    hazard = np.cumsum([float((event[days == day] / at_risk[days == day]).sum()) for day in unique])
    fitted = Fitted(intercepts=np.zeros(1), coefficients=beta[None], days=unique, hazard=hazard)
    intercept = np.log(max(fitted.hazard_at(horizon), 1e-12))
    return Fitted(intercepts=np.array([intercept]), coefficients=beta[None], days=unique, hazard=hazard)


def _cox_derivatives(
    beta: Floats, x: Floats, event: Floats, first: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return gradient and negative curvature of the partial likelihood; rows in order of their days."""
    risk = np.exp(np.clip(x @ beta, -30, 30))
    weights = np.cumsum(risk[::-1])[::-1][first]
    means = np.cumsum((risk[:, None] * x)[::-1], axis=0)[::-1][first] / weights[:, None]
    gradient = (event[:, None] * (x - means)).sum(axis=0)
    # Each patient is at risk for all events up to their own day: sum of 1 / weight over these events.
    share = np.zeros(len(x))
    np.add.at(share, first, event / weights)
    load = risk * np.cumsum(share)
    curvature = (x * load[:, None]).T @ x - (means * event[:, None]).T @ means
    return gradient, curvature


def cox_likelihood(score: Floats, days: Floats, event: Floats) -> float:
    """Return the mean log partial likelihood of an event, of scores on patients not fitted to."""
    order = np.argsort(days, kind="stable")
    score, days, event = score[order], days[order], event[order]
    first = np.searchsorted(days, days, side="left")
    weights = np.cumsum(np.exp(score)[::-1])[::-1][first]
    return float((event * (score - np.log(weights))).sum() / max(event.sum(), 1.0))


def fit_logistic(x: Floats, y: Floats, penalty: float) -> Fitted:
    """Fit a logistic model to outcomes 0 or 1."""
    design = np.column_stack([np.ones(len(x)), x])
    weight = np.full(design.shape[1], penalty)
    weight[0] = 0.0
    beta = np.zeros(design.shape[1])
    beta[0] = np.log((y.mean() + 1e-6) / (1 - y.mean() + 1e-6))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (y - chance) - weight * beta
        curvature = (design * (chance * (1 - chance) + 1e-9)[:, None]).T @ design + np.diag(weight)
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _SMALL:
            break
    return Fitted(intercepts=beta[:1].copy(), coefficients=beta[None, 1:].copy())


def fit_multinomial(x: Floats, y: NDArray[np.int64], labels: int, penalty: float) -> Fitted:
    """Fit a softmax model to labels 0 .. `labels` - 1."""
    design = np.column_stack([np.ones(len(x)), x])
    patients, width = design.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(patients, -1)
    target = np.eye(labels)[y]
    weight = np.full((labels, width), penalty)
    weight[:, 0] = _FREE
    beta = np.zeros((labels, width))
    for _ in range(_STEPS):
        sums = design @ beta.T
        chance = np.exp(sums - sums.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        gradient = (target - chance).T @ design - weight * beta
        spread = chance[:, :, None] * (np.eye(labels) - chance[:, None, :])
        blocks = (spread.reshape(patients, -1).T @ products).reshape(labels, labels, width, width)
        curvature = blocks.transpose(0, 2, 1, 3).reshape(beta.size, beta.size) + np.diag(weight.ravel())
        step = np.linalg.solve(curvature, gradient.ravel()).reshape(beta.shape)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _SMALL:
            break
    beta = beta - beta.mean(axis=0)
    return Fitted(intercepts=beta[:, 0].copy(), coefficients=beta[:, 1:].copy())
