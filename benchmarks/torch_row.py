"""The same networks in PyTorch eager mode, rebuilt from training/networks.py and proven to be the same."""

import importlib
import importlib.util
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from inference.manifest import MODEL_NAMES
from inference.packs import Pack

# Pack -> its network and what wraps it, as named in training/networks.py.
NETWORKS = {
    "chest-lungs": ("LungNet", "LungPack"),
    "chest-pneumonia-child": ("FindingNet", "FindingPack"),
}


class EagerUnavailableError(Exception):
    """PyTorch or the recipe is not here, or the recipe's network is not the pack's; the text says which."""


def eager(pack: Pack, threads: int) -> Callable[[], object]:
    """Return a run of the pack's network in PyTorch on one picture.

    The weights are random: what is timed does not depend on them. That it is the same network is checked by
    the shapes of all its convolutions against the pack's own FP32 file.

    Raises:
        EagerUnavailableError: see the class.
    """
    for module in ("torch", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise EagerUnavailableError(f"{module} is not installed (make setup-training)")
    torch = importlib.import_module("torch")
    networks = importlib.import_module("training.networks")
    inner, outer = NETWORKS[pack.id]
    network = getattr(networks, outer)(getattr(networks, inner)()).eval()
    if _convolutions_of_torch(network, torch) != _convolutions_of_onnx(pack.read(MODEL_NAMES["fp32"])):
        raise EagerUnavailableError(f"training/networks.py no longer makes the network of {pack.id}")
    torch.set_num_threads(threads)
    rows, columns = pack.manifest.input.size
    picture = torch.from_numpy(np.random.default_rng(0).random((1, 1, rows, columns), dtype=np.float32))

    def run() -> object:
        with torch.inference_mode():
            return network(picture)

    return run


def _convolutions_of_torch(network: Any, torch: Any) -> Counter[tuple[int, ...]]:
    layers = (layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d))
    return Counter(tuple(layer.weight.shape) for layer in layers)


def _convolutions_of_onnx(content: bytes) -> Counter[tuple[int, ...]]:
    onnx = importlib.import_module("onnx")
    graph = onnx.load_model_from_string(content).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return Counter(shapes[node.input[1]] for node in graph.node if node.op_type == "Conv")
