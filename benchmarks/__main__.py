"""Measures each section in a process of its own, prints the tables, writes docs/benchmarks.md and .json."""

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, tables
from benchmarks.measuring import Figure, skipped

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = ("networks", "engines", "picture", "journeys", "copies", "window", "records")
RESULT = "FIGURES "


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 when a section could not be measured."""
    options = _parse(arguments)
    if options.one:
        found = importlib.import_module(f"benchmarks.{options.one}").measure(options.rounds)
        print(RESULT + json.dumps([line.as_dict() for line in found]))
        return 0
    described = machine.describe()
    figures: list[Figure] = []
    for section in options.section or SECTIONS:
        print(f"measuring {section} ...", file=sys.stderr, flush=True)
        figures += _in_own_process(section, options.rounds)
    print("\n".join(f"{name}: {value}" for name, value in described.items()))
    print(tables.plain(figures))
    if options.write:
        _write(ROOT / "docs", described, figures)
    return 1 if any(line.median is None and line.section in SECTIONS[2:] for line in figures) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--section", action="append", choices=SECTIONS, help="only this one (repeatable)")
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each measurement (30)")
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/benchmarks.* as they are"
    )
    parser.add_argument("--one", choices=SECTIONS, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _in_own_process(section: str, rounds: int) -> list[Figure]:
    command = [sys.executable, "-m", "benchmarks", "--one", section, "--rounds", str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
    if done.returncode != 0 or not lines:
        return [skipped(section, section, f"ended with {done.returncode}")]
    return [Figure(**entry) for entry in json.loads(lines[-1].removeprefix(RESULT))]


def _write(folder: Path, described: dict[str, str], figures: list[Figure]) -> None:
    page = tables.markdown(described, figures)
    (folder / "benchmarks.md").write_text(page, encoding="utf-8")
    content = {"machine": described, "figures": [line.as_dict() for line in figures]}
    (folder / "benchmarks.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
