"""Three networks of shapes that are not ours, written as ONNX with seeded weights: no framework is needed.

``densenet`` has the plan of DenseNet-121 (Huang et al., CVPR 2017) with thin layers, and 14 findings over
three channels of 224 pixels; ``unet`` (Ronneberger et al., MICCAI 2015) outlines what is bright, at any size;
``transformer`` (Dosovitskiy et al., ICLR 2021) sorts pictures into three classes that shut each other out.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
FINDINGS = (
    *("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis"),
    *("Hernia", "Infiltration", "Mass", "Nodule", "Pleural thickening", "Pneumonia", "Pneumothorax"),
)
CLASSES = ("Upper half", "Lower half", "Neither")


class Writer:
    """Collects nodes and weights of one graph; each method returns the name of what it makes."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)

    def constant(self, value: NDArray[np.generic] | np.generic) -> str:
        """Return the name of a weight."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Return the name of what a node makes."""
        name = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def normal(self, *shape: int, scale: float) -> str:
        """Return the name of weights drawn at random."""
        return self.constant(self.random.normal(0, scale, shape).astype(np.float32))

    def conv(self, x: str, read: int, made: int, size: int = 3, stride: int = 1) -> str:
        """Return a convolution with the weights of He's start."""
        weights = self.normal(made, read, size, size, scale=float(np.sqrt(2 / (read * size * size))))
        return self.node("Conv", x, weights, pads=[size // 2] * 4, strides=[stride, stride])

    def normed(self, x: str, channels: int) -> str:
        """Return a batch normalisation with a ReLU after it."""
        scale, mean = (self.constant(np.full(channels, v, np.float32)) for v in (1.0, 0.1))
        bias = self.normal(channels, scale=0.1)
        variance = self.constant(np.full(channels, 1.2, np.float32))
        return self.node("Relu", self.node("BatchNormalization", x, scale, bias, mean, variance))

    def write(
        self, inputs: list[int | str], outputs: dict[str, list[int | str]], *, name: str = "x"
    ) -> bytes:
        """Return the content of an ONNX file with one input."""
        graph = helper.make_graph(
            self.nodes,
            "foreign",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, inputs)],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in outputs.items()],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def densenet(growth: int = 6, blocks: tuple[int, ...] = (6, 12, 24, 16), side: int = 224) -> bytes:
    """Return a classifier of the plan of DenseNet-121: 14 sigmoids over (n, 3, side, side)."""
    net = Writer(121)
    channels = 2 * growth
    x = net.normed(net.conv("x", 3, channels, 7, 2), channels)
    x = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for number, layers in enumerate(blocks):
        for _ in range(layers):
            inner = net.conv(net.normed(x, channels), channels, 4 * growth, 1)
            new = net.conv(net.normed(inner, 4 * growth), 4 * growth, growth)
            x = net.node("Concat", x, new, axis=1)
            channels += growth
        if number + 1 < len(blocks):
            x = net.conv(net.normed(x, channels), channels, channels // 2, 1)
            channels //= 2
            x = net.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.normed(x, channels)))
    weights = net.normal(len(FINDINGS), channels, scale=0.15)
    x = net.node("Gemm", x, weights, net.normal(len(FINDINGS), scale=0.1), transB=1)
    net.node("Sigmoid", x, output="findings")
    return net.write(["n", 3, side, side], {"findings": ["n", len(FINDINGS)]})


def unet(base: int = 4) -> bytes:
    """Return a U-Net with open sides that outlines what is brighter than a half: (n, 1, row, column)."""
    net = Writer(2015)

    def double(x: str, read: int, made: int) -> str:
        for channels in (read, made):
            mixed = _mean_conv(net, x, channels, made)
            x = net.node("Relu", net.node("Add", mixed, net.normal(made, 1, 1, scale=0.01)))
        return x

    first = double("x", 1, base)
    second = double(net.node("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2]), base, 2 * base)
    deep = double(net.node("MaxPool", second, kernel_shape=[2, 2], strides=[2, 2]), 2 * base, 4 * base)
    scales = net.constant(np.array([1, 1, 2, 2], np.float32))
    up = net.node("Resize", deep, "", scales, mode="nearest")
    up = double(net.node("Concat", up, second, axis=1), 6 * base, 2 * base)
    up = net.node("Resize", up, "", scales, mode="nearest")
    up = double(net.node("Concat", up, first, axis=1), 3 * base, base)
    last = net.constant(np.full((1, base, 1, 1), 20 / base, np.float32))
    net.node("Conv", up, last, net.constant(np.array([-10], np.float32)), output="mask")
    sides: list[int | str] = ["n", 1, "rows", "columns"]
    return net.write(sides, {"mask": sides})


def transformer(side: int = 64, patch: int = 8, width: int = 24, depth: int = 2, heads: int = 2) -> bytes:
    """Return a vision transformer with a class token: three logits over (n, 1, side, side).

    The embedding keeps the brightness of each patch, so that the answer depends on where it is bright.
    """
    net = Writer(2021)
    tokens = (side // patch) ** 2
    weights = net.random.normal(0, 0.02, (width, 1, patch, patch)).astype(np.float32)
    weights[0] += 4 / patch**2
    x = net.node("Conv", "x", net.constant(weights), kernel_shape=[patch, patch], strides=[patch, patch])
    shape = net.constant(np.array([0, width, tokens], np.int64))
    x = net.node("Transpose", net.node("Reshape", x, shape), perm=[0, 2, 1])
    count = net.node("Gather", net.node("Shape", "x"), net.constant(np.array([0], np.int64)), axis=0)
    rest = net.constant(np.array([1, width], np.int64))
    token = net.node("Expand", net.normal(1, 1, width, scale=0.5), net.node("Concat", count, rest, axis=0))
    x = net.node("Concat", token, x, axis=1)
    x = net.node("Add", x, net.normal(1, tokens + 1, width, scale=0.3))
    for _ in range(depth):
        x = net.node("Add", x, _attention(net, _layer_norm(net, x, width), width, heads, tokens + 1))
        inner = net.node("MatMul", _layer_norm(net, x, width), net.normal(width, 2 * width, scale=0.3))
        x = net.node("Add", x, net.node("MatMul", _gelu(net, inner), net.normal(2 * width, width, scale=0.3)))
    x = net.node("Gather", _layer_norm(net, x, width), net.constant(np.array(0, np.int64)), axis=1)
    net.node(
        "Add",
        net.node("MatMul", x, net.normal(width, len(CLASSES), scale=0.8)),
        net.normal(len(CLASSES), scale=0.1),
        output="classes",
    )
    return net.write(["n", 1, side, side], {"classes": ["n", len(CLASSES)]})


def _mean_conv(net: Writer, x: str, read: int, made: int) -> str:
    """Return a convolution that hands brightness on: each channel a mean of all, a little disturbed."""
    weights = np.zeros((made, read, 3, 3), np.float32)
    weights[:, :, 1, 1] = 0.8 / read
    weights += 0.2 / (9 * read)
    weights *= 1 + net.random.normal(0, 0.02, weights.shape).astype(np.float32)
    return net.node("Conv", x, net.constant(weights), pads=[1, 1, 1, 1])


def _layer_norm(net: Writer, x: str, width: int) -> str:
    scale, bias = (net.constant(np.full(width, v, np.float32)) for v in (1.0, 0.0))
    return net.node("LayerNormalization", x, scale, bias, axis=-1)


def _gelu(net: Writer, x: str) -> str:
    """Return x (1 + erf(x / sqrt 2)) / 2."""
    half, one, root = (net.constant(np.float32(v)) for v in (0.5, 1.0, np.sqrt(0.5)))
    gate = net.node("Add", net.node("Erf", net.node("Mul", x, root)), one)
    return net.node("Mul", net.node("Mul", x, gate), half)


def _attention(net: Writer, x: str, width: int, heads: int, tokens: int) -> str:
    """Return self-attention of several heads."""
    split = net.constant(np.array([0, tokens, heads, width // heads], np.int64))

    def projected(*order: int) -> str:
        made = net.node("MatMul", x, net.normal(width, width, scale=0.4))
        return net.node("Transpose", net.node("Reshape", made, split), perm=list(order))

    queries, keys, values = projected(0, 2, 1, 3), projected(0, 2, 3, 1), projected(0, 2, 1, 3)
    root = net.constant(np.float32(np.sqrt(heads / width)))
    weights = net.node("Softmax", net.node("Mul", net.node("MatMul", queries, keys), root), axis=-1)
    mixed = net.node("Transpose", net.node("MatMul", weights, values), perm=[0, 2, 1, 3])
    joined = net.node("Reshape", mixed, net.constant(np.array([0, tokens, width], np.int64)))
    return net.node("MatMul", joined, net.normal(width, width, scale=0.4))
