"""The last layers of cross-validation, kept beside a pack, and asked on the body that ships.

A pack whose body is frozen and whose last layer is linear can be measured on the very patients that it was
fitted to: each by a layer that was fitted without them, on what the pack's own network reads of them in the
engine and precision that is measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.result import EngineName, Precision
from inference.engine import open_engine
from inference.manifest import MODEL_NAMES

FILE = "folds.json"
_CENTRE = "familiarity.centre"
"""The constant that is taken off what the last layer reads, to say how familiar it is."""
_DIGITS = 8
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A linear layer: a weight for each feature, and what is added."""

    weights: Values
    added: float

    def of(self, features: Values) -> Values:
        """Return the logits (image,) of features (image, feature)."""
        return np.asarray(features @ self.weights + self.added)


def write_layers(layers: Sequence[Layer], folder: Path) -> None:
    """Keep the layers of the folds, in their order."""
    rows = [{"weights": _rounded(layer.weights), "added": round(layer.added, _DIGITS)} for layer in layers]
    text = ",\n".join(json.dumps(row) for row in rows)
    (folder / FILE).write_text(f"[\n{text}\n]\n", encoding="utf-8")


def kept_layers(folder: Path) -> tuple[Layer, ...]:
    """Return the layers of the folds, in their order."""
    rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return tuple(Layer(weights=np.array(row["weights"]), added=float(row["added"])) for row in rows)


def features_in(
    folder: Path, inputs: NDArray[np.float32], engine: EngineName, precision: Precision
) -> Values:
    """Return what a pack's last layer reads, (image, feature), of inputs (image, channel, row, column)."""
    model, name = _with_features((folder / MODEL_NAMES[precision]).read_bytes())
    opened = open_engine(engine, model)
    return np.concatenate([opened.run(x[None])[name] for x in inputs]).astype(np.float64)


def logits_without(layers: Sequence[Layer], folds: NDArray[np.int64], features: Values) -> Values:
    """Return each image's logit by the layer of its fold, which has not seen its patient."""
    logits = np.full(len(folds), np.nan)
    for fold, layer in enumerate(layers):
        logits[folds == fold] = layer.of(features[folds == fold])
    return logits


def _with_features(model: bytes) -> tuple[bytes, str]:
    """Return an ONNX file that also gives what its last layer reads, and that output's name.

    Raises:
        ValueError: the network has no place where its features are compared with their centre.
    """
    onnx: Any = import_module("onnx")
    loaded = onnx.load_from_string(model)
    found = [node.input[0] for node in loaded.graph.node if _CENTRE in node.input]
    if len(found) != 1:
        raise ValueError(f"the network compares its features with their centre in {len(found)} places")
    value = onnx.helper.make_tensor_value_info(found[0], onnx.TensorProto.FLOAT, ["batch", None])
    loaded.graph.output.append(value)
    return loaded.SerializeToString(), found[0]


def _rounded(values: Values) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]
