"""``self-test``: whether each pack gives its known answers on this computer, and the checks behind it."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cli.console import ProgressLine, print_json, stoppable
from cli.packs import print_checks
from core.wording import say

if TYPE_CHECKING:
    from services.selftest import Verdict


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "self-test", help=say("cli.help.self_test"), description=say("cli.help.self_test")
    )
    parser.add_argument("--checks", action="store_true", help=say("cli.help.checks"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check every pack in every engine and precision; 1 where one answers otherwise, or there is none."""
    from services.record_json import to_plain
    from services.selftest import run_self_test, verdicts
    from services.tuning import computer_limits, computer_words, tuner_of_profile

    line = ProgressLine()
    tuner = tuner_of_profile()
    with stoppable() as cancelled:
        if tuner is not None:
            tuner.find_devices(cancelled=cancelled)
        checks = run_self_test(tuner=tuner, progress=line, cancelled=cancelled)
    line.clear()
    said = verdicts(checks, tuner)
    if arguments.json:
        print_json(
            {
                "computer": computer_words(),
                "limits": list(computer_limits()),
                "packs": [to_plain(one) for one in said],
                "checks": [to_plain(check) for check in checks],
            }
        )
    else:
        meaning = say("engines.verdict.meaning")
        for text in (computer_words(), *computer_limits(), "", *_lines(said), meaning, ""):
            print(text)
        missed = tuple(check for check in checks if not check.passed)
        if arguments.checks or missed:
            print_checks(checks if arguments.checks else missed, as_json=False)
        if not arguments.checks:
            print(say("cli.checks.counted", passed=len(checks) - len(missed), total=len(checks)))
    return int(not said or any(one.state == "not_trusted" for one in said))


def _lines(said: "Sequence[Verdict]") -> Iterator[str]:
    """Yield what is said of each pack: a row where all is good, else a sentence; a dozen fill one screen."""
    rows = [one.row for one in said if one.row]
    yield from (one.sentence for one in said if len(rows) == 1 or not one.row)
    if len(rows) > 1:
        yield say("engines.verdict.all_trusted", count=len(rows))
        yield from rows
