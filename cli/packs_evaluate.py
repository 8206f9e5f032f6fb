"""``packs evaluate`` and ``packs quantize``: what a pack is worth, and its INT8 model."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import ProgressLine, print_json, print_table, stoppable
from core.wording import say

if TYPE_CHECKING:
    from services.evaluate_pack import Evaluation, EvaluationRequest
    from services.quantize_pack import Quantized


_NAME, _MAP_IMAGES, _COUNT = "labelled images", 40, 100
"""Said here and not asked of the services: ``--help`` loads nothing heavy."""


def add_to(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs to the parser."""
    _add_evaluate(actions)
    _add_quantize(actions)


def _add_evaluate(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = say("evaluation.help.packs_evaluate")
    parser = actions.add_parser("evaluate", help=text, description=text)
    add = parser.add_argument
    add("pack", metavar="ID|DIR", help=say("evaluation.help.pack"))
    add("--images", metavar="FOLDER", required=True, help=say("evaluation.help.images"))
    add("--labels", metavar="FILE.csv", required=True, help=say("evaluation.help.labels"))
    add("--masks", metavar="FOLDER", help=say("evaluation.help.masks"))
    add("--out", metavar="DIR", help=say("evaluation.help.out"))
    add("--name", metavar="WORDS", default=_NAME, help=say("evaluation.help.name"))
    add("--calibrate", action="store_true", help=say("evaluation.help.calibrate"))
    add("--write", action="store_true", help=say("evaluation.help.write"))
    add("--no-gates", action="store_true", help=say("evaluation.help.no_gates"))
    add("--modality", metavar="CODE", help=say("evaluation.help.modality"))
    add("--engine", choices=("auto", "onnxruntime", "openvino"), default="auto", help=say("cli.help.engine"))
    add("--precision", choices=("auto", "int8", "fp32"), default="auto", help=say("cli.help.precision"))
    add(
        "--map-images",
        metavar="N",
        type=int,
        default=_MAP_IMAGES,
        help=say("evaluation.help.map_images", count=_MAP_IMAGES),
    )
    add("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run_evaluate)


def _add_quantize(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = say("evaluation.help.packs_quantize")
    parser = actions.add_parser("quantize", help=text, description=text)
    add = parser.add_argument
    add("folder", metavar="DIR", help=say("evaluation.help.folder"))
    add("--images", metavar="FOLDER", required=True, help=say("evaluation.help.quantize_images"))
    add("--count", metavar="N", type=int, default=_COUNT, help=say("evaluation.help.count", count=_COUNT))
    add(
        "--method",
        choices=("minmax", "percentile", "entropy"),
        default="minmax",
        help=say("evaluation.help.method"),
    )
    add("--keep-tolerance", action="store_true", help=say("evaluation.help.keep_tolerance"))
    add("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run_quantize)


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Measure a pack; 1 where an image could not be read."""
    from services.evaluate_pack import evaluate_pack

    line = ProgressLine()
    try:
        with stoppable() as cancelled:
            done = evaluate_pack(_request(arguments), progress=line, cancelled=cancelled)
    finally:
        line.clear()
    if arguments.json:
        print_json(dict(done.measured))
    else:
        print_table(_head(), [_row(figure) for figure in done.measured["figures"]])
    for sentence in _sentences(done):
        print(sentence, file=sys.stderr)
    return int(done.unread > 0)


def run_quantize(arguments: argparse.Namespace) -> int:
    """Make a pack's INT8 model and say how far it drifts."""
    from services.quantize_pack import QuantizeRequest, quantize_pack
    from services.record_json import to_plain

    request = QuantizeRequest(
        folder=Path(arguments.folder),
        images=Path(arguments.images),
        count=max(1, arguments.count),
        method=arguments.method,
        keep_tolerance=arguments.keep_tolerance,
    )
    line = ProgressLine()
    try:
        with stoppable() as cancelled:
            done = quantize_pack(request, progress=line, cancelled=cancelled)
    finally:
        line.clear()
    if arguments.json:
        print_json(to_plain(done))
    else:
        names = ("output", "largest", "median", "golden", "tolerance")
        print_table(
            [say(f"evaluation.column.{name}") for name in names],
            [
                [r.role, *(f"{v:.4g}" for v in (r.largest, r.median, r.golden, r.tolerance))]
                for r in done.roles
            ],
        )
    for sentence in _drift_sentences(done):
        print(sentence, file=sys.stderr)
    return 0


def _drift_sentences(done: "Quantized") -> list[str]:
    from services.int8_drift import LEAST_DICE

    small, large = round(done.int8_bytes / 1000), round(done.fp32_bytes / 1000)
    said = [
        say(
            "evaluation.said.quantized",
            images=done.images,
            apart=done.apart,
            refused=done.refused,
            small=small,
            large=large,
        ),
        *(say("evaluation.said.speed", engine=s.engine, ratio=s.ratio) for s in done.speeds),
        *(
            say(
                f"evaluation.said.sides_{s.of}",
                title=s.title,
                share=s.share,
                images=s.images,
                least=LEAST_DICE,
            )
            for s in done.sides
        ),
    ]
    if done.warned:
        share = max(side.share for side in done.sides)
        said.append(say("evaluation.said.sides_warning", share=share))
    return [*said, say(f"evaluation.said.tolerance_{'set' if done.tolerance_written else 'left'}")]


def _request(arguments: argparse.Namespace) -> "EvaluationRequest":
    from services.evaluate_ask import Asking
    from services.evaluate_pack import EvaluationRequest

    return EvaluationRequest(
        pack=arguments.pack,
        images=Path(arguments.images),
        labels=Path(arguments.labels),
        masks=Path(arguments.masks) if arguments.masks else None,
        out=Path(arguments.out) if arguments.out else None,
        name=arguments.name,
        calibrate=arguments.calibrate,
        write=arguments.write,
        asking=Asking(
            engine=arguments.engine,
            precision=arguments.precision,
            use_gates=not arguments.no_gates,
            modality=arguments.modality.upper() if arguments.modality else None,
            map_images=max(0, arguments.map_images),
        ),
    )


def _head() -> list[str]:
    names = ("population", "metric", "value", "interval", "patients", "images")
    return [say(f"evaluation.column.{name}") for name in names]


def _row(figure: dict[str, Any]) -> list[str]:
    low, high = figure.get("interval", (None, None))
    interval = "-" if low is None else f"{low:.3f} to {high:.3f}"
    counts = [str(figure["patients"]), str(figure["images"])]
    return [figure["population"], figure["metric"], f"{figure['value']:.3f}", interval, *counts]


def _sentences(done: "Evaluation") -> list[str]:
    refused = done.measured["refused"]
    gates = ", ".join(f"{gate} {count}" for gate, count in refused["by_gate"].items()) or "-"
    said = [
        say("evaluation.said.refused", refused=refused["refused"], images=refused["images"], gates=gates),
        *done.notes,
    ]
    if done.unread:
        said.append(say("evaluation.said.unread", count=done.unread))
    if done.left_out:
        said.append(say("evaluation.said.left_out", count=done.left_out))
    if done.changed is not None:
        key = "changed" if done.measured["calibrated"] else "card"
        said.append(say(f"evaluation.said.{key}", folder=done.changed))
    if done.kept_card:
        said.append(say("evaluation.said.kept_card"))
    return [*said, say("evaluation.said.where", folder=done.out)]
