"""``bench``: how fast this computer is with each pack, in each engine, precision and device."""

import argparse
from typing import TYPE_CHECKING

from cli.console import ProgressLine, print_json, print_table, stoppable
from core.wording import say

if TYPE_CHECKING:
    from services.bench import Bench, Timing

_COLUMNS = (
    "pack", "engine", "precision", "device", "threads", "load_ms", "median_ms", "slow_ms", "images_s",
    "drift", "auto", "detail",
)  # fmt: skip


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("bench", help=say("cli.help.bench"), description=say("cli.help.bench"))
    parser.add_argument(
        "--pack", metavar="ID", action="append", dest="packs", help=say("cli.help.bench_pack")
    )
    parser.add_argument("--all", action="store_true", dest="every_way", help=say("cli.help.bench_all"))
    parser.add_argument("--keep", action="store_true", help=say("cli.help.bench_keep"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure; 1 where a way could not be run that should."""
    from services.bench import run_bench
    from services.record_json import to_plain
    from services.tuning import tuner_of_profile

    line = ProgressLine()
    tuner = tuner_of_profile()
    with stoppable() as cancelled:
        bench = run_bench(
            arguments.packs,
            every_way=arguments.every_way,
            keep=arguments.keep,
            tuner=tuner,
            progress=line,
            cancelled=cancelled,
        )
    line.clear()
    if arguments.json:
        print_json(to_plain(bench))
    else:
        _print(bench)
    return int(any(timing.error for timing in bench.timings))


def _print(bench: "Bench") -> None:
    print(say("cli.bench.computer", processor=bench.processor, cores=bench.threads, engines=bench.engines))
    print_table([say(f"cli.column.{name}") for name in _COLUMNS], [_row(timing) for timing in bench.timings])
    print(say("cli.bench.drift"))
    print(say(f"cli.bench.{'measured' if bench.measured else 'default'}", packs=", ".join(bench.measured)))


def _row(timing: "Timing") -> list[str]:
    return [
        timing.pack_id,
        timing.engine,
        timing.precision,
        timing.device,
        "-" if timing.threads is None else str(timing.threads),
        _number(timing.load_ms, 1),
        _number(timing.median_ms, 1),
        _number(timing.p90_ms, 1),
        _number(timing.images_per_s, 0),
        _number(timing.drift, 3),
        "*" if timing.chosen else "",
        timing.error or "-",
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
