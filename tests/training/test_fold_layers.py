"""Layers of folds on the body that ships: what the pack itself says comes back from its features."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="training needs onnx")

from core.result import EngineName, Precision
from inference.engine import open_engine
from inference.manifest import MODEL_NAMES
from training.fold_layers import Layer, features_in, kept_layers, logits_without, write_layers

PACK = Path(__file__).parents[2] / "models" / "chest-tb-adult"


def own_layer() -> Layer:
    """Return the layer that ships, from the pack's network."""
    import onnx

    graph = onnx.load(PACK / MODEL_NAMES["fp32"]).graph
    held = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    (added,) = (value for name, value in held.items() if name.endswith("bias") and value.ndim == 0)
    view = next(node for node in graph.node if "view" in node.output) if "view" not in held else None
    weights = held["view"] if view is None else held[view.input[0]]
    return Layer(weights=weights.ravel().astype(np.float64), added=float(added))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_shipped_layer_on_the_features_gives_the_logits_of_the_pack(
    engine: EngineName, precision: Precision
) -> None:
    with np.load(PACK / "golden.npz") as golden:
        inputs = golden["input"][golden["input"].any((1, 2, 3))]  # an empty one has no share to weigh
    model = (PACK / MODEL_NAMES[precision]).read_bytes()
    said = np.concatenate([open_engine(engine, model).run(x[None])["logit"][:, 0] for x in inputs])
    features = features_in(PACK, inputs, engine, precision)
    assert features.shape == (len(inputs), 128)
    assert own_layer().of(features) == pytest.approx(said, abs=2e-3)


def test_each_picture_is_asked_by_the_layer_of_its_fold() -> None:
    layers = [Layer(weights=np.array([1.0, 0.0]), added=0.5), Layer(weights=np.array([0.0, 1.0]), added=-1.0)]
    features = np.array([[2.0, 7.0], [3.0, 9.0], [4.0, 11.0]])
    assert logits_without(layers, np.array([0, 1, 0]), features) == pytest.approx([2.5, 8.0, 4.5])


def test_layers_are_kept_as_they_are(tmp_path: Path) -> None:
    layers = [Layer(weights=np.array([0.125, -3.5e-4]), added=0.25), Layer(weights=np.zeros(2), added=-2.0)]
    write_layers(layers, tmp_path)
    for kept, own in zip(kept_layers(tmp_path), layers, strict=True):
        assert kept.weights == pytest.approx(own.weights, abs=1e-8)
        assert kept.added == pytest.approx(own.added)


def test_the_pack_keeps_a_layer_for_each_of_five_folds() -> None:
    assert [len(layer.weights) for layer in kept_layers(PACK)] == [128] * 5
