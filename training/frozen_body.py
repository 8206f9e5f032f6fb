"""A linear layer on a frozen body: fitted by logistic regression on pictures and on changed views of them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.fold_layers import Layer, Values
from training.inside_lungs import Crops, Stage, draw_batch
from training.networks import TextureNet

STEPS = 12
"""Of Newton's method, which has long settled by then."""


@torch.no_grad()
def put_into(layer: Layer, network: TextureNet) -> None:
    """Make a layer the network's last one."""
    network.weight.copy_(torch.from_numpy(layer.weights).float())
    network.bias.fill_(layer.added)


@torch.no_grad()
def features_of(network: TextureNet, inputs: torch.Tensor) -> Values:
    """Return what the last layer reads, (image, feature)."""
    parts = [network(batch)[2] for batch in inputs.split(32)]
    return torch.cat(parts).double().numpy()


def changed_views(network: TextureNet, crops: Crops, stage: Stage, views: int, size: int) -> Values:
    """Return the features (view, image, feature) of pictures changed as training changes them."""
    parts = torch.arange(len(crops.ill)).split(64)
    drawn = (torch.cat([draw_batch(crops, index, stage, size)[0] for index in parts]) for _ in range(views))
    return np.stack([features_of(network, inputs) for inputs in drawn])


def fitted(features: Values, truth: NDArray[np.int64], *, penalty: float) -> Layer:
    """Fit logistic regression on (image, feature); `penalty` holds for features of spread 1."""
    centre, spread = features.mean(0), features.std(0) + 1e-6
    inputs = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    ridge = np.diag([*[penalty] * features.shape[1], 1e-6])
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        shares = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (shares - truth) / len(truth) + ridge @ weights
        bend = (inputs * (shares * (1 - shares))[:, None]).T @ inputs / len(truth) + ridge
        weights -= np.linalg.solve(bend, slope)
    scaled = weights[:-1] / spread
    return Layer(weights=scaled, added=float(weights[-1] - centre @ scaled))
