"""Look into an OpenVINO IR model from other hands: what it reads, what it returns, and how it ends.

The network is run as it is: nothing is added to it, so that its maps are made by asking again.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from core.errors import UnknownModelError
from inference.draft_facts import DraftTask, InputFacts
from inference.draft_pictures import pictures
from inference.engine import Engine, open_engine
from inference.ir_file import parsed
from inference.manifest import Role, Scores

_LEAST_MASK_SIDE = 8
_SQUASHED = ("Sigmoid", "SoftMax", "Softmax")
_PASSING = ("Convert", "Reshape", "Squeeze", "Unsqueeze")


@dataclass(frozen=True, slots=True, kw_only=True)
class IrPrepared:
    """What is known of a network in IR, and the engine that has it loaded."""

    task: DraftTask
    input: InputFacts
    outputs: dict[Role, str]
    scores: Scores | None
    columns: int
    engine: Engine
    hints: tuple[str, ...]


def prepare_ir(
    network: bytes, weights: bytes, task: DraftTask | None = None, output: str | None = None
) -> IrPrepared:
    """Return what a pack can be made of; ``task`` and ``output`` win over what the network shows.

    Raises:
        UnknownModelError: it is no classifier or segmenter of pictures of a known size.
        EngineError: it is not plain, or OpenVINO does not run it.
    """
    engine = open_engine("openvino", network, weights=weights)
    facts = _input(engine)
    outputs = engine.run(pictures(facts, 1))
    by_shape = {
        name: ("masks" if values.ndim == 4 and min(values.shape[2:]) >= _LEAST_MASK_SIDE else "logits")
        for name, values in outputs.items()
        if values.ndim in (2, 4) and output in (None, name)
    }
    wanted = {"classify": "logits", "segment": "masks", "detect": "", None: ""}[task]
    name = next((name for name, role in by_shape.items() if not wanted or role == wanted), None)
    if name is None or (by_shape[name] == "logits" and outputs[name].ndim != 2):
        raise UnknownModelError("its outputs are those of no classifier or segmenter")
    columns = int(outputs[name].shape[1])
    squashed = _ends_in(parsed(network)) in _SQUASHED
    masks = by_shape[name] == "masks"
    scores: Scores | None = "probabilities" if squashed else ("logits" if columns == 1 else None)
    return IrPrepared(
        task="segment" if masks else "classify",
        input=facts,
        outputs={"masks" if masks else "logits": name},
        scores=scores,
        columns=columns,
        engine=engine,
        hints=_hints(parsed(network)),
    )


def _input(engine: Engine) -> InputFacts:
    if len(engine.inputs) != 1:
        raise UnknownModelError("it must read one picture and nothing else")
    port = engine.inputs[0]
    if len(port.shape) != 4 or port.shape[0] not in (None, 1):
        raise UnknownModelError(f"it reads {port.shape}, and must read batch, channel, row, column")
    _, channels, rows, columns = port.shape
    if channels not in (1, 3):
        raise UnknownModelError("its second size must be 1 or 3 channels: convert it with the channels first")
    if rows is None or columns is None:
        raise UnknownModelError("its rows and columns are open: convert it with a fixed input shape")
    return InputFacts(name=port.name, channels=channels, size=(rows, columns))


def _ends_in(root: Element) -> str:
    """Return the type of the layer before the first result, over layers that hand values on."""
    layers = {layer.get("id", ""): layer for layer in root.iter("layer")}
    first = [edge for edge in root.iter("edge") if edge.get("to-port") == "0"]
    before = {edge.get("to-layer", ""): edge.get("from-layer", "") for edge in first}
    at = next((number for number, layer in layers.items() if layer.get("type") == "Result"), "")
    for _ in range(len(layers)):
        at = before.get(at, "")
        kind = layers[at].get("type", "") if at in layers else ""
        if kind not in _PASSING:
            return kind
    return ""


def _hints(root: Element) -> tuple[str, ...]:
    """Return what the maker wrote of means and scales in ``rt_info``."""
    found = []
    for key in ("mean_values", "scale_values", "labels", "model_type"):
        entry = next(root.iter(key), None)
        if entry is not None and entry.get("value"):
            found.append(f"{key} = {entry.get('value', '')[:200]}")
    return tuple(found)
