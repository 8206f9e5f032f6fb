"""Start a network from the weights that a finished pack ships, so that only the pack is needed to go on."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from training.networks import FindingNet

_PREFIX, _CONVOLUTION, _BIAS = "network.", ".0.weight", ".0.weight_bias"


def finding_net_of(model: Path) -> FindingNet:
    """Return the FindingNet in an ONNX file that `export` wrote.

    Export folds each normalisation into its convolution: it comes back as one that only adds the bias.
    """
    graph = onnx.load(model).graph
    values = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    kept = {name.removeprefix(_PREFIX): value for name, value in values.items() if name.startswith(_PREFIX)}
    network = FindingNet()
    state = network.state_dict()
    for name, value in kept.items():
        if name.endswith(_BIAS):
            norm = name.removesuffix(_BIAS) + ".1"
            state[f"{norm}.bias"] = value
            state[f"{norm}.weight"] = torch.full_like(value, (1 + 1e-5) ** 0.5)
        else:
            state[name] = value
    network.load_state_dict(state)
    return network.eval()
