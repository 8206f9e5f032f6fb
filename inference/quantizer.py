"""Make the INT8 twin of a network, for packs and training alike: the only importer of the quantizer.

Needs ``onnx``, which the packaged application leaves out. The result is QDQ, which both engines read: a
scale for each channel and 7-bit weights, so that processors with and without VNNI do not saturate
differently.
"""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import QuantizeError, QuantizerMissingError
from core.wording import say
from inference.engine import first_line
from inference.onnx_file import require_plain_model
from inference.privacy import forbid_telemetry

if TYPE_CHECKING:
    import onnx

Method = Literal["minmax", "percentile", "entropy"]
METHODS: tuple[Method, ...] = ("minmax", "percentile", "entropy")
CONVOLUTIONAL = ("Conv", "Relu", "Add", "Resize", "GlobalAveragePool")
"""What runs in eight bits in plain convolutional networks; linear layers, distances and sigmoids stay in
floating point. With ReLU among them its clip becomes the zero point of one quantization: eight bits for what
survives.
"""
_PASSING = ("MaxPool", "Concat")
"""What only hands values on: in floating point between convolutions it would cost two conversions."""
_LINEAR = ("MatMul", "Gemm")
_AT_A_TIME = 1
"""Images whose every activation is in memory while histograms are filled."""


def quantized(
    model: bytes,
    samples: Sequence[NDArray[np.float32]],
    *,
    method: Method = "minmax",
    operators: Sequence[str] | None = None,
) -> bytes:
    """Return the INT8 model of an ONNX file's content.

    ``samples`` are inputs, (1, channel, row, column) each, as the pack prepares them: they set the ranges of
    what flows between the layers. ``operators`` None chooses by where the network's weights lie.

    Raises:
        QuantizerMissingError: this installation cannot make INT8 models.
        ModelLoadError: it is not a model that holds all its weights.
        QuantizeError: the quantizer does not take the model.
    """
    require_plain_model(model)
    with tempfile.TemporaryDirectory(prefix="farlight-quantize-") as name:
        folder = Path(name)
        (folder / "full.onnx").write_bytes(model)
        try:
            with redirect_stdout(io.StringIO()):  # the quantizer prints; standard output is for data
                _quantize(folder, samples, method, operators)
        except ImportError as error:
            raise QuantizerMissingError(first_line(error)) from error
        except Exception as error:
            raise QuantizeError(say("evaluation.quantize.failed", why=first_line(error))) from error
        return (folder / "small.onnx").read_bytes()


def require_quantizer() -> None:
    """Check that INT8 models can be made here, before any work is done for one.

    Raises:
        QuantizerMissingError: they cannot.
    """
    forbid_telemetry()
    try:
        import onnxruntime.quantization  # noqa: F401
    except ImportError as error:
        raise QuantizerMissingError(first_line(error)) from error


def _quantize(
    folder: Path, samples: Sequence[NDArray[np.float32]], method: Method, operators: Sequence[str] | None
) -> None:
    forbid_telemetry()
    import onnx
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quant_pre_process,
        quantize_static,
    )

    prepared = folder / "prepared.onnx"
    # Symbolic shapes need sympy, and stop at networks that resize.
    quant_pre_process(str(folder / "full.onnx"), str(prepared), skip_symbolic_shape=True)
    network = onnx.load(prepared)
    if _name_nodes(network.graph):
        onnx.save(network, prepared)
    graph = network.graph
    methods = {
        "minmax": CalibrationMethod.MinMax,
        "percentile": CalibrationMethod.Percentile,
        "entropy": CalibrationMethod.Entropy,
    }
    options: dict[str, Any] = {"ActivationSymmetric": False, "WeightSymmetric": True}
    if method != "minmax":
        options["CalibStridedMinMax"] = _AT_A_TIME
    quantize_static(
        str(prepared),
        str(folder / "small.onnx"),
        _reader(samples, graph.input[0].name),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(operators or _operators_for(graph)),
        nodes_to_exclude=_additions_of_constants(graph),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=methods[method],
        extra_options=options,
    )


def _reader(samples: Sequence[NDArray[np.float32]], name: str) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Samples(CalibrationDataReader):  # type: ignore[misc]
        """Hands out inputs, all of them or a range."""

        def __init__(self) -> None:
            self._left: Iterator[NDArray[np.float32]] = iter(samples)

        def __len__(self) -> int:
            return len(samples)

        def set_range(self, start_index: int, end_index: int) -> None:
            self._left = iter(samples[start_index:end_index])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            sample = next(self._left, None)
            return None if sample is None else {name: sample}

    return Samples()


def _operators_for(graph: "onnx.GraphProto") -> tuple[str, ...]:
    """Return what is quantized: linear layers too where most weights are theirs (transformers)."""
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.initializer}

    def weights_of(kinds: Sequence[str]) -> int:
        nodes = (node for node in graph.node if node.op_type in kinds)
        return sum(sizes.get(name, 0) for node in nodes for name in node.input)

    linear = _LINEAR if weights_of(_LINEAR) > weights_of(("Conv",)) else ()
    return (*CONVOLUTIONAL, *_PASSING, *linear)


def _name_nodes(graph: "onnx.GraphProto") -> bool:
    """Name the nodes that have no name, which could not be told apart; return whether there were any."""
    bare = [node for node in graph.node if not node.name]
    for number, node in enumerate(bare):
        node.name = f"unnamed_{node.op_type}_{number}"
    return bool(bare)


def _additions_of_constants(graph: "onnx.GraphProto") -> list[str]:
    """Name the additions that are no residual connections: they stay in floating point."""
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    return [node.name for node in graph.node if node.op_type == "Add" and constants & set(node.input)]
