"""Which files of a pack are its networks: ONNX, or OpenVINO's own format (IR) as a pair of files.

``model.fp32.onnx``, or ``model.fp32.xml`` with ``model.fp32.bin``, must be there; the same with ``int8`` may.
"""

from collections.abc import Collection
from dataclasses import dataclass

from core.errors import PrecisionMissingError
from core.result import EngineName, Precision
from inference.manifest import MODEL_NAMES

HEAD_NAME = "head.fp32.onnx"
"""What follows the last feature map, as a network of its own: the map method ``reciprocam`` needs it."""
_BOTH: tuple[EngineName, ...] = ("openvino", "onnxruntime")
_IR_ONLY: tuple[EngineName, ...] = ("openvino",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One network of a pack; ``weights`` is the second file of OpenVINO IR, None for ONNX."""

    precision: Precision
    name: str
    weights: str | None = None

    @property
    def engines(self) -> tuple[EngineName, ...]:
        """The engines that read such a file."""
        return _BOTH if self.weights is None else _IR_ONLY


def models_of(names: Collection[str]) -> tuple[ModelFile, ...]:
    """Return the networks among a pack's files, INT8 first."""
    found = (find_model(names, precision) for precision in MODEL_NAMES)
    return tuple(model for model in found if model is not None)


def find_model(names: Collection[str], precision: Precision) -> ModelFile | None:
    """Return the network of a precision among a pack's files, or None where there is none."""
    onnx, network, weights = _names(precision)
    if onnx in names:
        return ModelFile(precision=precision, name=onnx)
    if network in names and weights in names:
        return ModelFile(precision=precision, name=network, weights=weights)
    return None


def require_model(names: Collection[str], precision: Precision) -> ModelFile:
    """Return the network of a precision among a pack's files.

    Raises:
        PrecisionMissingError: the pack has no network of that precision.
    """
    model = find_model(names, precision)
    if model is None:
        raise PrecisionMissingError(f"no network in {precision}")
    return model


def files_fault(names: Collection[str]) -> tuple[str, str] | None:
    """Return which file of the networks is missing or too much, and what is wrong; None if nothing."""
    for precision in MODEL_NAMES:
        onnx, network, weights = _names(precision)
        if onnx in names and network in names:
            return network, f"stands beside {onnx}: one of them is enough"
        if (network in names) != (weights in names):
            return (weights, "is missing") if network in names else (network, "is missing")
    if find_model(names, "fp32") is None:
        return MODEL_NAMES["fp32"], "is missing"
    return None


def networks_fault(names: Collection[str]) -> tuple[str, str] | None:
    """Return a network among the files of a pack that must have none, and what is wrong; None if nothing."""
    networks = [name for precision in MODEL_NAMES for name in _names(precision) if name in names]
    return (networks[0], "is a network, which packs of the task 'risk' do not have") if networks else None


def _names(precision: Precision) -> tuple[str, str, str]:
    onnx = MODEL_NAMES[precision]
    stem = onnx.removesuffix(".onnx")
    return onnx, f"{stem}.xml", f"{stem}.bin"
