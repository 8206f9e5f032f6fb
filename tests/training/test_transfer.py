from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")
pytest.importorskip("onnx")

from inference.engine import open_engine  # noqa: E402
from training import frozen_body  # noqa: E402
from training.networks import TextureNet  # noqa: E402
from training.transfer import finding_net_of  # noqa: E402

SHIPPED = Path(__file__).parents[2] / "models" / "chest-pneumonia-child"


def test_a_network_comes_back_from_a_shipped_pack_as_it_was() -> None:
    with np.load(SHIPPED / "golden.npz") as golden:
        inputs, wanted = golden["input"][:2], golden["logits"][:2, 0]
    network = finding_net_of(SHIPPED / "model.fp32.onnx")
    with torch.no_grad():
        logits, _, _ = network(torch.from_numpy(inputs))
    np.testing.assert_allclose(logits.numpy(), wanted, atol=1e-3)
    engine = open_engine("onnxruntime", (SHIPPED / "model.fp32.onnx").read_bytes())
    np.testing.assert_allclose(engine.run(inputs)["logit"][:, 0], logits.numpy(), atol=1e-3)


def test_the_map_of_a_layer_on_a_frozen_body_is_exact_and_the_layer_is_what_was_fitted() -> None:
    rng = np.random.default_rng(1)
    network = TextureNet(finding_net_of(SHIPPED / "model.fp32.onnx")).eval()
    inputs = torch.from_numpy(rng.random((8, 1, 64, 64), dtype=np.float32))
    features = frozen_body.features_of(network, inputs)
    layer = frozen_body.fitted(features, np.arange(8) % 2, penalty=0.1)
    frozen_body.put_into(layer, network)
    with torch.no_grad():
        logits, evidence, _ = network(inputs)
    torch.testing.assert_close(evidence.mean((1, 2, 3)), logits)
    np.testing.assert_allclose(logits.numpy(), layer.of(features), atol=1e-3)
    assert (layer.of(features) > 0).tolist() == [bool(number % 2) for number in range(8)]
