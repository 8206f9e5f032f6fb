"""Which layers an OpenVINO IR file may have, and where the sizes that they make may come from.

Only layers stand here that answer the same image the same way, keep nothing for the next one, and whose
size OpenVINO can tell before it computes; ``engine_openvino`` asks for the size of each before compiling.
Source: the OpenVINO documentation, "Operation Sets" (opset1 to opset16); names are matched without capitals,
as OpenVINO matches them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from xml.etree.ElementTree import Element

from core.errors import ModelLoadError
from inference.onnx_sizes import MOST_VALUES, MOST_VALUES_TOGETHER

_OPSETS = re.compile(r"opset([1-9]|1[0-6])")
_KEEPING = frozenset({"readvalue", "assign"})
_BY_CHANCE = frozenset({"randomuniform", "multinomial"})
_REPEATING = frozenset({"loop", "tensoriterator"})
_COMPUTING = """parameter const constant result
convolution groupconvolution convolutionbackpropdata groupconvolutionbackpropdata binaryconvolution
matmul einsum
maxpool avgpool adaptiveavgpool adaptivemaxpool
relu prelu elu selu sigmoid hardsigmoid hsigmoid hswish swish mish gelu softplus softsign clamp tanh
softmax logsoftmax erf exp log sqrt abs negative sign floor ceiling round
sin cos tan asin acos atan sinh cosh asinh acosh atanh
add subtract multiply divide power mod floormod maximum minimum squareddifference
equal notequal greater greaterequal less lessequal logicaland logicalor logicalxor logicalnot select
isfinite isinf isnan bitwiseand bitwiseor bitwisexor bitwisenot
batchnorminference mvn normalizel2 lrn grn groupnormalization scaleddotproductattention
reducemean reducesum reducemax reducemin reduceprod reducel1 reducel2 reducelogicaland reducelogicalor cumsum
concat split variadicsplit reshape squeeze unsqueeze transpose stridedslice slice gather gatherelements
gathernd scatterupdate scatterelementsupdate scatterndupdate roll reversesequence shufflechannels
depthtospace spacetodepth shapeof broadcast tile pad interpolate range onehot topk gridsample
convert convertlike fakequantize"""
LAYERS = frozenset(_COMPUTING.split())
_GIVES_SIZES: Mapping[str, tuple[int, ...]] = {
    "broadcast": (1, 2),
    "tile": (1,),
    "pad": (1, 2),
    "interpolate": (1, 2, 3),
    "range": (0, 1, 2),
    "onehot": (1,),
    "topk": (1,),
    "reshape": (1,),
    "slice": (1, 2, 3, 4),
    "stridedslice": (1, 2, 3),
    "variadicsplit": (1, 2),
    "convolutionbackpropdata": (2,),
    "groupconvolutionbackpropdata": (2,),
    "adaptiveavgpool": (1,),
    "adaptivemaxpool": (1,),
}
"""Which inputs of a layer say how large its output is."""
_COMPUTING_SIZES = """const constant shapeof convert gather concat squeeze unsqueeze reshape slice
stridedslice split variadicsplit add subtract multiply divide floormod mod floor ceiling maximum minimum
negative select equal greater less reduceprod broadcast"""
_OF_SIZES = frozenset(_COMPUTING_SIZES.split())
"""Layers that sizes may be computed with."""
_MOST_STEPS, _LONGEST_SIZE, _MOST_SIZES = 200, 64, 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    kind: str
    sources: tuple[str, ...]
    values: int


def require_known_layers(root: Element) -> None:
    """Check that a network is made of known layers, and that no size comes from what is in the image.

    Raises:
        ModelLoadError: it is not, or one does.
    """
    layers: dict[str, _Layer] = {}
    together = 0
    edges = _sources(root)
    for layer in root.iter("layer"):
        _require_known(layer)
        number = layer.get("id", "")
        if number in layers:
            raise ModelLoadError(f"the network has the layer {number[:40]!r} twice")
        made = [_declared(port) for port in layer.iterfind("output/port")]
        together += sum(made)
        if max(made, default=0) > MOST_VALUES or together > MOST_VALUES_TOGETHER:
            raise ModelLoadError(
                f"the network's layer {layer.get('type', '')[:40]!r} would make too many values"
            )
        ports = [port.get("id", "") for port in layer.iterfind("input/port")]
        layers[number] = _Layer(
            kind=layer.get("type", "").lower(),
            sources=tuple(edges.get((number, port), "") for port in ports),
            values=_held(layer),
        )
    for one in layers.values():
        for place in _GIVES_SIZES.get(one.kind, ()):
            if place < len(one.sources):
                _require_of_shape(one, one.sources[place], layers)


def _require_known(layer: Element) -> None:
    kind, version = layer.get("type", ""), layer.get("version", "")
    name = f"{kind!r:.40}"
    if not _OPSETS.fullmatch(version):
        raise ModelLoadError(f"the network asks for an operator of its maker: {kind[:40]}")
    if kind.lower() in _KEEPING:
        raise ModelLoadError(f"the network's layer {name} keeps something of one image for the next")
    if kind.lower() in _BY_CHANCE:
        raise ModelLoadError(
            f"the network's layer {name} draws by chance: it would answer differently each time"
        )
    if kind.lower() in _REPEATING:
        raise ModelLoadError(
            f"the network's layer {name} repeats itself, and may not end; export it unrolled"
        )
    if kind.lower() not in LAYERS or layer.find("body") is not None:
        raise ModelLoadError(f"the network's layer {name} is not among those that Farlight runs")


def _sources(root: Element) -> dict[tuple[str, str], str]:
    """Return which layer each input of each layer reads."""
    found: dict[tuple[str, str], str] = {}
    for edge in root.iter("edge"):
        place = edge.get("to-layer", ""), edge.get("to-port", "")
        if place in found:
            raise ModelLoadError("an input of the network's layers is fed twice")
        found[place] = edge.get("from-layer", "")
    return found


def _declared(port: Element) -> int:
    """Return how many values an output says that it has; an open size counts as one."""
    try:
        return prod(max(1, int(dim.text or "1")) for dim in port.iterfind("dim"))
    except ValueError as error:
        raise ModelLoadError("the network is not OpenVINO IR") from error


def _held(layer: Element) -> int:
    """Return how many bytes of the weights a layer reads: no fewer than its values."""
    size = next((data.get("size", "0") for data in layer.iterfind("data")), "0")
    return int(size) if size.isdecimal() else 0


def _require_of_shape(asking: _Layer, number: str, layers: Mapping[str, _Layer]) -> None:
    """Check that a size is made of constants and of shapes, in few steps, and stays short."""
    known: dict[str, int] = {}
    way: list[str] = [number]
    steps = 0
    while way:
        steps += 1
        at = way[-1]
        layer = layers.get(at)
        if at in known:
            way.pop()
            continue
        if layer is None or layer.kind not in _OF_SIZES:
            raise ModelLoadError(f"the network's layer {asking.kind[:40]!r} takes a size from the image")
        if steps > _MOST_STEPS or len(way) > _MOST_STEPS:
            raise ModelLoadError("the network computes a size in more steps than any network needs")
        sources = () if layer.kind == "shapeof" else layer.sources
        left = [one for one in sources if one not in known]
        if left:
            way.extend(left[:1])
            continue
        known[at] = _length(layer, [known[one] for one in sources])
        if known[at] > _MOST_SIZES or (layer.kind == "broadcast" and known[at] > _LONGEST_SIZE):
            raise ModelLoadError("the network computes a size of more values than any shape has")
        way.pop()


def _length(layer: _Layer, sources: Sequence[int]) -> int:
    """Return how many values at most a step of computing a size makes."""
    if layer.kind in ("const", "constant"):
        return max(1, layer.values // 4)
    if layer.kind == "shapeof":
        return 16
    if layer.kind == "concat":
        return sum(sources)
    return max(1, max(sources, default=1))
