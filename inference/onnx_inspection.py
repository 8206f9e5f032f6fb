"""Look into an ONNX model from other hands and make of it what a pack needs: its task, its outputs, its maps.

What is found is proven by running it in ONNX Runtime on made pictures; a change that is not exact is refused.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError, UnknownModelError
from inference.draft_facts import DraftTask, InputFacts, MapFacts
from inference.draft_pictures import pictures, probes
from inference.engine import Outputs, open_engine
from inference.manifest import Role, Scores
from inference.onnx_graph import Network, Port, attribute
from inference.onnx_head import Head, find_head
from inference.onnx_hints import inner_steps, largest_value
from inference.onnx_surgery import (
    MAP_NAME,
    bytes_of,
    head_of,
    largest_difference,
    with_channels_first,
    with_flat_output,
    with_input,
    with_map,
    with_output,
)

USUAL_SIDE = 224
MOST_MAP_ERROR = 1e-4
"""By what share of the map's own mean size its mean may miss the logit: float32 adds in another order."""
_LEAST_MASK_SIDE = 8
_FLATTENING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze")
_NUMBERS = ("float", "double", "float16", "bfloat16")
_PIXELS = (*_NUMBERS, "uint8")
_SQUASHED: dict[str, Scores] = {"Sigmoid": "logits", "Softmax": "softmax", "LogSoftmax": "softmax"}
_DETECTS = ("NonMaxSuppression", "EfficientNMS_TRT", "RoiAlign")
_BOX_WORDS = ("box", "bbox", "dets", "detection")
_LEAST_BOXES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The pack's copy of a network and what is known of it; ``head`` is a second network for some maps."""

    task: DraftTask
    input: InputFacts
    model: bytes
    outputs: dict[Role, str]
    scores: Scores | None
    columns: int
    maps: MapFacts | None = None
    head: bytes | None = None


def prepare_onnx(
    network: Network, size: tuple[int, int] | None, task: DraftTask | None = None, output: str | None = None
) -> Prepared:
    """Return what a pack can be made of; ``size``, ``task`` and ``output`` win over what the graph says.

    Raises:
        UnknownModelError: it is no classifier, segmenter or detector of pictures.
        EngineError: ONNX Runtime does not run it.
    """
    fixed, facts = _with_known_input(network, size)
    outputs = _run(fixed, facts, 1)
    if output is not None:
        if output not in outputs:
            raise UnknownModelError(f"it has no output {output!r:.60}, only {', '.join(outputs):.160}")
        outputs = {output: outputs[output]}
    found = task or _task(fixed, outputs, facts)
    if found == "detect":
        return Prepared(task=found, input=facts, model=bytes_of(fixed), outputs={}, scores=None, columns=0)
    if found == "segment":
        return _segmenter(fixed, facts, outputs)
    return _classifier(fixed, facts, outputs)


def _with_known_input(network: Network, size: tuple[int, int] | None) -> tuple[Network, InputFacts]:
    port = _require_picture(network)
    rows_first = port.shape[1] not in (1, 3) and port.shape[3] in (1, 3)
    channels = _channels(network, port, rows_first=rows_first)
    sides = port.shape[1:3] if rows_first else port.shape[2:]
    chosen = _size((sides[0], sides[1]), size)
    facts = InputFacts(
        name=port.name,
        channels=channels,
        size=chosen,
        size_open=size is None and None in sides,
        inside=inner_steps(network),
        largest=255.0 if port.kind == "uint8" else largest_value(network),
    )
    alone = with_input(network, channels, chosen, batch=False, rows_first=rows_first)
    if port.shape[0] is not None:
        return alone, facts
    together = with_input(network, channels, chosen, batch=True, rows_first=rows_first)
    return (together if _takes_batches(together, facts) else alone), facts


def _require_picture(network: Network) -> Port:
    ports = network.inputs
    if len(ports) != 1:
        names = ", ".join(port.name for port in ports) or "none"
        raise UnknownModelError(f"it must read one picture and nothing else; its inputs are: {names:.120}")
    port = ports[0]
    if len(port.shape) != 4 or port.kind not in _PIXELS:
        raise UnknownModelError(
            f"its input {port.name!r:.40} is {port.kind} of {len(port.shape)} dimensions, "
            "and must be numbers of four: batch, channel, row, column"
        )
    if port.shape[0] not in (None, 1):
        raise UnknownModelError(f"it reads {port.shape[0]} pictures at once: export it with an open batch")
    return port


def _channels(network: Network, port: Port, *, rows_first: bool) -> int:
    channels = port.shape[3] if rows_first else port.shape[1]
    if channels is None:
        reader = next((node for node in network.consumers.get(port.name, ()) if node.op_type == "Conv"), None)
        weights = None if reader is None else network.constant(reader.input[1])
        if weights is not None and reader is not None:
            channels = int(weights.shape[1]) * int(attribute(reader, "group", 1))
    if channels not in (1, 3):
        raise UnknownModelError(f"it reads {channels or 'an open number of'} channels, and must read 1 or 3")
    return channels


def _size(sides: tuple[int | None, int | None], wanted: tuple[int, int] | None) -> tuple[int, int]:
    chosen = wanted or (sides[0] or sides[1] or USUAL_SIDE, sides[1] or sides[0] or USUAL_SIDE)
    if any(side not in (None, one) for side, one in zip(sides, chosen, strict=True)):
        raise UnknownModelError(f"it reads {sides[0]} x {sides[1]} pixels, not {chosen[0]} x {chosen[1]}")
    return chosen


def _run(network: Network, facts: InputFacts, count: int) -> Outputs:
    return open_engine("onnxruntime", bytes_of(network)).run(pictures(facts, count))


def _run_probes(network: Network, facts: InputFacts) -> Outputs:
    """Return the outputs for pictures that are far from one another, each looked at alone."""
    engine = open_engine("onnxruntime", bytes_of(network))
    said = [engine.run(picture[None]) for picture in probes(facts)]
    return {name: np.concatenate([outputs[name] for outputs in said]) for name in said[0]}


def _takes_batches(network: Network, facts: InputFacts) -> bool:
    """Whether two pictures together give what each gives alone: some exports only say so."""
    try:
        engine = open_engine("onnxruntime", bytes_of(network))
        batch = pictures(facts, 2)
        together, last = engine.run(batch), engine.run(batch[1:])
    except (EngineError, UnknownModelError):
        return False
    return all(
        len(together[name]) == 2 and np.allclose(together[name][1:], last[name], rtol=1e-3, atol=1e-3)
        for name in together
    )


def _task(network: Network, outputs: Outputs, facts: InputFacts) -> DraftTask:
    names = " ".join(outputs).casefold()
    boxes = any(word in names for word in _BOX_WORDS)
    if boxes or any(node.op_type in _DETECTS for node in network.graph.node):
        return "detect"
    if any(_is_box_list(values) for values in outputs.values()):
        return "detect"
    if _score_output(network, outputs):
        return "classify"
    if _mask_output(outputs, facts) or _class_picture(network):
        return "segment"
    shapes = "; ".join(f"{name:.40} {values.shape}" for name, values in outputs.items())
    raise UnknownModelError(f"its outputs are those of no classifier, segmenter or detector: {shapes:.160}")


def _is_box_list(values: NDArray[np.float32]) -> bool:
    """Whether an output is a list of boxes, as one-stage detectors return it: (1, 5 or more, many)."""
    return values.ndim == 3 and min(values.shape[1:]) >= 5 and max(values.shape[1:]) >= _LEAST_BOXES


def _score_output(network: Network, outputs: Outputs) -> str:
    """Return the output that holds scores, (1, column), perhaps with a row and a column of 1; or "".

    Of several, none that another one is made of, and then the one with the fewest columns.
    """
    flat = {
        name: values.size
        for name, values in outputs.items()
        if values.ndim in (1, 2, 4) and values.size and values.size == values.shape[min(1, values.ndim - 1)]
    }
    last = [name for name in flat if not any(network.is_made_of(other, name) for other in flat)]
    return min(last, key=lambda name: flat[name]) if last else ""


def _mask_output(outputs: Outputs, facts: InputFacts) -> str:
    """Return the output that is a picture, (1, column, row, column) or turned, the largest; or ""."""
    maps = {
        name: values.size
        for name, values in outputs.items()
        if values.ndim == 4 and sorted(values.shape[1:])[1] >= max(_LEAST_MASK_SIDE, min(facts.size) // 16)
    }
    return max(maps, key=lambda name: maps[name]) if maps else ""


def _class_picture(network: Network) -> str:
    """Return what an ArgMax over the channels reads, where that is what comes out; or ""."""
    for port in network.outputs:
        node = network.producers.get(port.name)
        if node is not None and node.op_type == "ArgMax" and attribute(node, "axis", 0) == 1:
            return str(node.input[0])
    return ""


def _segmenter(network: Network, facts: InputFacts, outputs: Outputs) -> Prepared:
    name = _mask_output(outputs, facts)
    if not name:
        inner = _class_picture(network)
        if not inner:
            raise UnknownModelError("none of its outputs is a picture")
        network, name = with_output(network, inner), inner
        outputs = _run(network, facts, 1)
    shape = outputs[name].shape
    _, made = network.before(name)
    channel_axis = 1
    if shape[1] >= _LEAST_MASK_SIDE and shape[2] >= _LEAST_MASK_SIDE and shape[3] < _LEAST_MASK_SIDE:
        network, name, channel_axis = (
            with_channels_first(network, name, "masks_channels_first"),
            "masks_channels_first",
            3,
        )
    columns = int(shape[channel_axis])
    squashed = made is not None and made.op_type in ("Sigmoid", "Softmax")
    scores: Scores | None = "probabilities" if squashed else ("logits" if columns == 1 else None)
    return Prepared(
        task="segment",
        input=facts,
        model=bytes_of(network),
        outputs={"masks": name},
        scores=scores,
        columns=columns,
    )


def _classifier(network: Network, facts: InputFacts, outputs: Outputs) -> Prepared:
    name = _score_output(network, outputs)
    if not name:
        raise UnknownModelError("none of its outputs is a list of scores")
    columns = int(outputs[name].size)
    logits, scores = _logits(network, name, columns)
    network = with_output(network, logits)
    shape = _run(network, facts, 1)[logits].shape
    if len(shape) != 2:
        network, logits = with_flat_output(network, logits, "logits_flat"), "logits_flat"
    found = find_head(network, logits)
    plain = Prepared(
        task="classify",
        input=facts,
        model=bytes_of(network),
        outputs={"logits": logits},
        scores=scores,
        columns=columns,
    )
    return _with_maps(plain, network, found, logits)


def _logits(network: Network, name: str, columns: int) -> tuple[str, Scores | None]:
    """Return the tensor before a last sigmoid or softmax, and what it holds; None where nothing tells."""
    _, node = network.before(name)
    while node is not None and node.op_type in _FLATTENING:
        _, node = network.before(node.input[0])
    if node is not None and node.op_type in _SQUASHED:
        return str(node.input[0]), _SQUASHED[node.op_type]
    return name, "logits" if columns == 1 else None


def _with_maps(plain: Prepared, network: Network, found: Head, logits: str) -> Prepared:
    if found.linear is not None:
        mapped = with_map(network, found.linear)
        error = _map_error(mapped, plain.input, found, logits)
        if error is not None and error <= MOST_MAP_ERROR:
            outputs: dict[Role, str] = {"logits": logits, "activation_map": MAP_NAME}
            maps = MapFacts(method="activation_map", why="exact", features=found.features, error=error)
            return replace(plain, model=bytes_of(mapped), outputs=outputs, maps=maps)
        found = Head(method="reciprocam", why="not_proven", features=found.features)
    if found.method == "reciprocam":
        split = _split(network, plain.input, found.features, logits)
        if split is not None:
            model, head = split
            maps = MapFacts(
                method="reciprocam", why=found.why, features=found.features, head_input=found.features
            )
            return replace(plain, model=model, head=head, maps=maps)
    return replace(plain, maps=MapFacts(method="rise", why=found.why))


def _map_error(network: Network, facts: InputFacts, found: Head, logits: str) -> float | None:
    """Return by how much the mean of a map misses its logit, as a share of what it says; None if it fails.

    Each label is measured by the mean size of its own map: the largest over pictures that are far from one
    another, so that a label with small scores has no room for a wrong map.
    """
    assert found.linear is not None
    try:
        outputs = _run_probes(network, facts)
    except (EngineError, UnknownModelError):
        return None
    maps, wanted = outputs[MAP_NAME].astype(np.float64), outputs[logits]
    if maps.ndim != 4 or maps.shape[:2] != wanted.shape:
        return None
    missed = np.abs(maps.mean(axis=(2, 3)) + found.linear.bias - wanted).max(axis=0)
    says = np.abs(maps).mean(axis=(2, 3)).max(axis=0)
    return float((missed / np.maximum(says, np.finfo(np.float32).tiny)).max())


def _split(network: Network, facts: InputFacts, features: str, logits: str) -> tuple[bytes, bytes] | None:
    """Return the network with its features as an output, and its head; None where they do not agree."""
    whole = with_output(network, features)
    try:
        outputs = _run_probes(whole, facts)
        for batch in (True, False):
            head = bytes_of(head_of(whole, features, logits, outputs[features].shape[1:], batch=batch))
            if _same(head, outputs, features, logits, 2 if batch else 1):
                return bytes_of(whole), head
    except (EngineError, UnknownModelError):
        return None
    return None


def _same(head: bytes, outputs: Outputs, features: str, logits: str, count: int) -> bool:
    """Whether a head gives the network's own logits, ``count`` pictures at a time."""
    try:
        engine = open_engine("onnxruntime", head)
        said = [engine.run(np.repeat(one[None], count, axis=0))[logits] for one in outputs[features]]
    except EngineError:
        return False
    wanted = np.repeat(outputs[logits], count, axis=0)
    return largest_difference(np.concatenate(said), wanted) <= MOST_MAP_ERROR * float(np.abs(wanted).max())
