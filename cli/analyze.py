"""``analyze PATH... --out DIR``: the main job without a window."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import ProgressLine, stoppable
from core.errors import (
    Cancelled,
    NoPixelsError,
    OutputNotEmptyError,
    OutputNotWritableError,
    PatientFileError,
    PrevalenceError,
)
from core.wording import say

if TYPE_CHECKING:
    from services.analyze import AnalysisOptions
    from services.batch import BatchOutcome, BatchRequest
    from services.prevalence import Prevalence

_NAMED_AT_MOST = 5
"""Files without a record that are named, of a kind."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("analyze", help=say("cli.help.analyze"), description=say("cli.help.analyze"))
    add = parser.add_argument
    add("path", metavar="PATH", nargs="*", help=say("cli.help.analyze_path"))
    add("--out", metavar="DIR", required=True, help=say("cli.help.out"))
    add("--pack", metavar="ID", action="append", dest="packs", help=say("cli.help.pack"))
    add("--engine", choices=("auto", "onnxruntime", "openvino"), default="auto", help=say("cli.help.engine"))
    add("--precision", choices=("auto", "int8", "fp32"), default="auto", help=say("cli.help.precision"))
    add(
        "--prevalence",
        metavar="CODE=SHARE",
        action="append",
        default=[],
        type=_prevalence,
        dest="prevalences",
        help=say("cli.help.prevalence"),
    )
    add("--device", metavar="DEVICE", default="auto", type=_device, help=say("cli.help.device"))
    add("--patient", metavar="FILE.json", help=say("cli.help.patient"))
    add("--no-pdf", action="store_true", help=say("cli.help.no_pdf"))
    add("--no-gates", action="store_true", help=say("cli.help.no_gates"))
    going_on = parser.add_mutually_exclusive_group()
    going_on.add_argument("--force", action="store_true", help=say("cli.help.force"))
    going_on.add_argument("--resume", action="store_true", help=say("cli.help.resume"))
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Analyse the inputs; 1 where something could not be read or done."""
    if not arguments.path and not arguments.patient:
        arguments.parser.error(say("cli.error.no_path"))
    line = ProgressLine()
    line.begin(say("cli.progress.begun"))
    from services.batch import run_batch
    from services.output import LINES
    from services.places import packs_in_use
    from services.tuning import tuner_of_profile, why_processor

    _require_each_once(arguments)
    try:
        with stoppable() as cancelled, packs_in_use():
            if stands_in := why_processor(arguments.device, tuner_of_profile(), cancelled=cancelled):
                line.above(stands_in)
            outcome = run_batch(
                _request(arguments), progress=line, cancelled=cancelled, told_first=line.above
            )
    except Cancelled as error:
        from cli.program import complain

        line.clear()
        status = complain(error)
        print(_stopped(error), file=sys.stderr)
        return status
    except (OutputNotEmptyError, OutputNotWritableError) as error:
        error.about = arguments.out
        raise
    except PatientFileError as error:
        error.about = arguments.patient
        raise
    finally:
        line.clear()
    failures = (say("cli.summary.failure", path=path, reason=reason) for path, reason in outcome.failures)
    told = (
        *failures,
        *_passed_over(outcome),
        *_doubts(outcome),
        *outcome.unusable,
        *outcome.of_values,
        *_named(outcome),
        *_counted_as(outcome),
        _summary(outcome),
    )
    for sentence in told:
        print(sentence, file=sys.stderr)
    print(Path(arguments.out) / LINES)
    return int(outcome.failed > 0 or bool(outcome.unusable))


def _device(text: str) -> str:
    """Read ``auto``, ``CPU``, or engine and device such as ``openvino:GPU``."""
    from services.tuning import is_device

    if not is_device(text):
        raise argparse.ArgumentTypeError(say("cli.error.device", text=text))
    return text


def _prevalence(text: str) -> "Prevalence":
    """Read ``pneumonia=0.12`` or ``pneumonia=12%``."""
    from services.prevalence import Prevalence

    code, _, share = text.partition("=")
    try:
        value = float(share.removesuffix("%")) / (100.0 if share.endswith("%") else 1.0)
        return Prevalence(finding=code, share=value)
    except (ValueError, PrevalenceError) as error:
        raise argparse.ArgumentTypeError(say("cli.error.prevalence", text=text)) from error


def _require_each_once(arguments: argparse.Namespace) -> None:
    findings = [one.finding for one in arguments.prevalences]
    for finding in dict.fromkeys(findings):
        if findings.count(finding) > 1:
            arguments.parser.error(say("cli.error.prevalence_twice", finding=finding))


def _stopped(error: Cancelled) -> str:
    """Return how far a run came that was stopped, and how it goes on."""
    done, total = error.context.get("done"), error.context.get("total")
    return say("cli.stopped.done", done=done, total=total) if done else say("cli.stopped.before")


def _passed_over(outcome: "BatchOutcome") -> Iterator[str]:
    """Yield a line for DICOM files that hold no picture and one for what is no image: none has a record."""
    kinds: dict[str, list[str]] = {"no_picture": [], "no_image": []}
    for one in outcome.passed_over:
        kinds["no_picture" if one.error.code == NoPixelsError.code else "no_image"].append(one.path)
    for kind, paths in kinds.items():
        if paths:
            yield say(f"cli.summary.{kind}", count=len(paths), names=_some_of(paths))


def _doubts(outcome: "BatchOutcome") -> Iterator[str]:
    """Yield a line for each thing that somebody should check of a patient, with the images it is said of."""
    for sentence, paths in outcome.doubts.items():
        yield say("cli.summary.doubt", sentence=sentence, names=_some_of(paths))


def _some_of(paths: list[str]) -> str:
    names = ", ".join(paths[:_NAMED_AT_MOST])
    more = len(paths) - _NAMED_AT_MOST
    return say("cli.summary.and_more", names=names, more=more) if more > 0 else names


def _named(outcome: "BatchOutcome") -> Iterator[str]:
    """Yield what each model said that was asked for by name, and of a single image why one did not answer."""
    for title, said in outcome.named.items():
        states = said.states
        if not said.by_name and outcome.records > 1:
            continue
        if states.total() == 1 and said.why:
            yield say("cli.named.why", title=title, why=said.why)
        else:
            counts = (states["ok"], states["refused"], states["not_applicable"])
            kinds = zip(("answered", "refused", "not_for_it"), counts, strict=True)
            told = ", ".join(say(f"cli.named.{kind}", count=count) for kind, count in kinds if count)
            yield say("cli.named.counts", title=title, counts=told)


def _counted_as(outcome: "BatchOutcome") -> Iterator[str]:
    """Yield what the records count as, with where the overview is, and what was off and could have spoken."""
    from services.standing import STANDINGS

    counts = [
        say(f"cli.standing.{kind}", count=outcome.standings[kind])
        for kind in STANDINGS
        if outcome.standings[kind]
    ]
    if counts:
        yield say("cli.summary.standings", counts=", ".join(counts))
    if outcome.overview is not None:
        yield say("cli.summary.overview", path=outcome.overview)
    if outcome.off:
        yield say("cli.summary.off", names=", ".join(outcome.off))


def _summary(outcome: "BatchOutcome") -> str:
    name = "record" if outcome.records == 1 else "records"
    parts = [say(f"cli.summary.{name}", records=outcome.records)]
    if outcome.kept:
        parts.append(say("cli.summary.kept", kept=outcome.kept))
    if outcome.failed:
        parts.append(say("cli.summary.failed", failed=outcome.failed))
    return f"{', '.join(parts)}."


def _request(arguments: argparse.Namespace) -> "BatchRequest":
    from services.batch import BatchRequest

    return BatchRequest(
        paths=tuple(arguments.path),
        out=Path(arguments.out),
        options=_options(arguments),
        patient_file=Path(arguments.patient) if arguments.patient else None,
        with_pdf=not arguments.no_pdf,
        mode="force" if arguments.force else "resume" if arguments.resume else "new",
    )


def _options(arguments: argparse.Namespace) -> "AnalysisOptions":
    from services.analyze import AnalysisOptions
    from store.profile import default_folder, settings_file
    from store.settings import Settings

    profile = Path(arguments.profile) if arguments.profile else default_folder()
    return AnalysisOptions(
        packs=tuple(dict.fromkeys(arguments.packs)) if arguments.packs else None,
        engine=arguments.engine,
        precision=arguments.precision,
        device=arguments.device,
        use_gates=not arguments.no_gates,
        prevalences=tuple(arguments.prevalences),
        demonstration=Settings(settings_file(profile)).flag("packs.demonstration"),
    )
