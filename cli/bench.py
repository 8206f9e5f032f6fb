"""``bench``: how fast this computer is with each pack, engine and precision."""

import argparse

from cli.console import ProgressLine, print_json, print_table, stoppable
from core.wording import say


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("bench", help=say("cli.help.bench"), description=say("cli.help.bench"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure every pack in every engine and precision; 1 where one could not be run."""
    from services.bench import run_bench
    from services.record_json import to_plain

    line = ProgressLine()
    with stoppable() as cancelled:
        bench = run_bench(progress=line, cancelled=cancelled)
    line.clear()
    if arguments.json:
        print_json(to_plain(bench))
    else:
        names = ("pack", "engine", "precision", "load_ms", "median_ms", "slow_ms", "detail")
        rows = [
            [
                timing.pack_id,
                timing.engine,
                timing.precision,
                _ms(timing.load_ms),
                _ms(timing.median_ms),
                _ms(timing.p90_ms),
                timing.error or "-",
            ]
            for timing in bench.timings
        ]
        print_table([say(f"cli.column.{name}") for name in names], rows)
    return int(any(timing.error for timing in bench.timings))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
