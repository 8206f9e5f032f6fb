"""Make the networks and the golden answers of a new pack from a model of other hands, in a child process.

The child is this module; in the frozen application ``main.py`` calls ``main()`` when its first argument is
``--farlight-draft``. A model that brings an engine down brings down the child alone.
"""

import json
import math
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.child import limit_memory
from core.errors import EngineError, FarlightError, UnknownModelError
from core.result import EngineName
from core.wording import say
from inference.draft_facts import DraftFacts, DraftTask, InputFacts, MapFacts
from inference.draft_pictures import pictures
from inference.engine import Outputs, open_engine
from inference.golden import FP32_SHARE, save_golden
from inference.manifest import MODEL_NAMES, Role
from inference.model_files import HEAD_NAME

ARGUMENT = "--farlight-draft"
MEMORY_VARIABLE = "FARLIGHT_DRAFT_BYTES"
IR_SUFFIX = ".xml"
GOLDEN_PICTURES = 3
_SAFETY = 1.5
_LEAST_SHARE = 0.02
"""Of the spread of an output: what INT8 is first allowed, until it is measured."""
Size = tuple[int, int]
Rows = list[tuple[str, str]]


def draft_networks(
    model: Path,
    folder: Path,
    *,
    size: Size | None = None,
    task: DraftTask | None = None,
    output: str | None = None,
) -> DraftFacts:
    """Write the networks and ``golden.npz`` into a folder that is there, and return what was found.

    Raises:
        UnknownModelError: no pack can be made of the file.
        EngineError: it is not safe to load, or no engine runs it.
    """
    if model.suffix.lower() == IR_SUFFIX:
        return _of_ir(model, folder, task, output)
    return _of_onnx(model, folder, size, task, output)


def main() -> int:
    """Be the child: read what to do as a line of JSON, and say what was found, or why nothing was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which then ends this process
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    limit_memory(int(os.environ.get(MEMORY_VARIABLE, "0")))
    order = json.loads(sys.stdin.buffer.readline())
    answer: dict[str, Any]
    try:
        size = tuple(order["size"]) if order["size"] else None
        facts = draft_networks(
            Path(order["model"]), Path(order["folder"]), size=size, task=order["task"], output=order["output"]
        )
        answer = {"facts": asdict(facts)}
    except FarlightError as error:
        answer = {"error": error.code, "detail": error.detail}
    print(json.dumps(answer), file=answers, flush=True)
    return 0


def facts_from(plain: Mapping[str, Any]) -> DraftFacts:
    """Return facts as they came from the child."""
    read, maps = dict(plain["input"]), plain["maps"]
    read |= {"size": tuple(read["size"]), "inside": tuple(read["inside"])}
    whole = dict(plain)
    whole |= {
        "input": InputFacts(**read),
        "maps": MapFacts(**maps) if maps else None,
        "rows": tuple((str(name), str(text)) for name, text in plain["rows"]),
        "class_names": tuple(plain["class_names"]),
        "files": tuple(plain["files"]),
    }
    return DraftFacts(**whole)


def _of_onnx(
    model: Path, folder: Path, size: Size | None, task: DraftTask | None, output: str | None
) -> DraftFacts:
    from inference.onnx_graph import Network
    from inference.onnx_hints import class_names, metadata, value_hints
    from inference.onnx_inspection import prepare_onnx

    network = Network.read(_bytes(model))
    prepared = prepare_onnx(network, size, task, output)
    notes = metadata(network)
    rows: Rows = [
        ("format", f"ONNX, opset {network.opset}"),
        ("maker", f"{network.model.producer_name} {network.model.producer_version}".strip()),
        ("parameters", f"{network.parameters:,}"),
    ]
    rows += [("input", f"{port.name} {port.kind} {_shape(port.shape)}") for port in network.inputs]
    rows += [("output", f"{port.name} {port.kind} {_shape(port.shape)}") for port in network.outputs]
    names = dict.fromkeys(name for port in network.inputs for name in port.open_axes)
    rows.append(("open", ", ".join(names) or "-"))
    rows += _input_rows(prepared.input, prepared.task)
    rows += [("hint", hint) for hint in value_hints(notes)]
    (folder / MODEL_NAMES["fp32"]).write_bytes(prepared.model)
    files = [MODEL_NAMES["fp32"]]
    if prepared.head is not None:
        (folder / HEAD_NAME).write_bytes(prepared.head)
        files.append(HEAD_NAME)
    tolerance: dict[Role, float] = {}
    if prepared.task != "detect":
        rows += _score_rows(prepared.columns, prepared.scores, prepared.maps)
        tolerance = _golden(prepared.model, None, prepared.input, prepared.outputs, folder, rows)
    return DraftFacts(
        task=prepared.task,
        input=prepared.input,
        rows=tuple(row for row in rows if row[1]),
        outputs=prepared.outputs,
        scores=prepared.scores,
        columns=prepared.columns,
        tolerance=tolerance,
        maps=prepared.maps,
        class_names=class_names(notes, prepared.columns),
        files=tuple(files),
    )


def _of_ir(model: Path, folder: Path, task: DraftTask | None, output: str | None) -> DraftFacts:
    from inference.ir_inspection import prepare_ir

    beside = model.with_suffix(".bin")
    if not beside.is_file():
        raise UnknownModelError(f"its weights {beside.name!r:.80} do not lie beside it")
    network, weights = _bytes(model), _bytes(beside)
    prepared = prepare_ir(network, weights, task, output)
    maps = MapFacts(method="rise", why="ir") if prepared.task == "classify" else None
    rows: Rows = [("format", "OpenVINO IR"), ("parameters", f"{len(weights):,} bytes")]
    rows += [("input", f"{port.name} {_shape(port.shape)}") for port in prepared.engine.inputs]
    rows += [("output", f"{port.name} {_shape(port.shape)}") for port in prepared.engine.outputs]
    rows += _input_rows(prepared.input, prepared.task)
    rows += [("hint", hint) for hint in prepared.hints]
    rows += _score_rows(prepared.columns, prepared.scores, maps)
    stem = MODEL_NAMES["fp32"].removesuffix(".onnx")
    files = (f"{stem}{IR_SUFFIX}", f"{stem}.bin")
    (folder / files[0]).write_bytes(network)
    (folder / files[1]).write_bytes(weights)
    tolerance = _golden(network, weights, prepared.input, prepared.outputs, folder, rows)
    return DraftFacts(
        task=prepared.task,
        input=prepared.input,
        rows=tuple(rows),
        outputs=prepared.outputs,
        scores=prepared.scores,
        columns=prepared.columns,
        tolerance=tolerance,
        maps=maps,
        files=files,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnknownModelError(f"{path.name!r:.80} cannot be read: {error.strerror}") from error


def _golden(  # noqa: PLR0917 - one private call
    model: bytes,
    weights: bytes | None,
    facts: InputFacts,
    names: Mapping[Role, str],
    folder: Path,
    rows: Rows,
) -> dict[Role, float]:
    """Write the golden answers, note which engines run the network, and return how far they may differ."""
    batch = pictures(facts, GOLDEN_PICTURES)
    said: dict[EngineName, Outputs] = {}
    engines: tuple[EngineName, ...] = ("onnxruntime", "openvino") if weights is None else ("openvino",)
    for engine in engines:
        try:
            said[engine] = open_engine(engine, model, weights=weights).run(batch)
        except EngineError as error:
            rows.append(("engine", say("packs_new.say.runs_not", engine=engine, why=error.detail)))
        else:
            rows.append(("engine", say("packs_new.say.runs", engine=engine)))
    if engines[0] not in said:
        raise UnknownModelError(f"{engines[0]} does not run it")
    first = said[engines[0]]
    save_golden(folder, batch, {role: first[name] for role, name in names.items()})
    return {role: _tolerance([outputs[name] for outputs in said.values()]) for role, name in names.items()}


def _tolerance(answers: list[NDArray[np.float32]]) -> float:
    """Return a share of what the network says, and at least what its engines differ by in full precision."""
    spread = float(answers[0].max() - answers[0].min())
    apart = max(float(np.abs(answers[0] - other).max()) for other in answers)
    wanted = max(_LEAST_SHARE * spread, _SAFETY * apart / FP32_SHARE, 1e-3)
    digits = 1 - math.floor(math.log10(wanted))
    return float(math.ceil(wanted * 10.0**digits) / 10.0**digits)


def _input_rows(facts: InputFacts, task: DraftTask) -> Rows:
    rows: Rows = []
    if facts.size_open:
        rows.append(("size_open", say("packs_new.say.size_open", rows=facts.size[0], columns=facts.size[1])))
    steps = "; ".join(facts.inside)
    if facts.largest is not None:
        steps = say("packs_new.say.largest", steps=steps or "-", largest=f"{facts.largest:g}")
    rows.append(("inside", steps or say("packs_new.say.no_steps")))
    rows.append(("task", say(f"packs_new.task.{task}")))
    return rows


def _score_rows(columns: int, scores: str | None, maps: MapFacts | None) -> Rows:
    what = scores or say("packs_new.say.scores_unknown")
    rows: Rows = [("scores", say("packs_new.say.columns", count=columns, scores=what))]
    if maps is not None and maps.error is not None:
        rows.append(("map", say("packs_new.say.map_exact", error=maps.error)))
    elif maps is not None:
        rows.append(
            ("map", say("packs_new.say.map", method=maps.method, why=say(f"packs_new.why.{maps.why}")))
        )
    return rows


def _shape(shape: tuple[int | None, ...]) -> str:
    return " x ".join("?" if size is None else str(size) for size in shape)


if __name__ == "__main__":
    raise SystemExit(main())
