"""The figures as a table for the terminal and for docs/benchmarks.md."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from benchmarks.measuring import Figure

HEAD = """# Speed and memory

Written by `make bench`; nothing here was typed. Medians, the quartiles around them, and the number of runs.
In "networks", all rows of a table ran in turn in the same rounds, one picture at a time, on as many threads
as there are physical cores; "back to back" times the third of three runs, elsewhere threads and caches are
cold. Aims are goals for the computer described below, not promises.
"""

TABLE_HEAD = ("| | median | quartiles | runs | aim | |", "|---|---|---|---|---|---|")


def markdown(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Return the page for docs."""
    parts = [HEAD, "\n".join(f"- {name}: {value}" for name, value in machine.items()), ""]
    for section, lines in groupby(figures, key=lambda line: line.section):
        parts += [f"## {section[0].upper()}{section[1:]}", "", *TABLE_HEAD]
        parts += [_row(line) for line in lines]
        parts.append("")
    return "\n".join(parts)


def plain(figures: Sequence[Figure]) -> str:
    """Return the table for a terminal."""
    width = max(len(line.name) for line in figures)
    parts = []
    for section, lines in groupby(figures, key=lambda line: line.section):
        parts += ["", section]
        parts += [f"  {line.name:<{width}}  {_median(line):>16}  {_rest(line)}".rstrip() for line in lines]
    return "\n".join(parts)


def _row(line: Figure) -> str:
    quartiles = f"{_number(line.low)} to {_number(line.high)}" if line.runs > 1 else ""
    return f"| {line.name} | {_median(line)} | {quartiles} | {line.runs or ''} | {line.aim} | {line.note} |"


def _rest(line: Figure) -> str:
    spread = f"({_number(line.low)} to {_number(line.high)})" if line.runs > 1 else ""
    aim = f"aim: {line.aim}" if line.aim else ""
    return "  ".join(part for part in (spread, line.note, aim) if part)


def _median(line: Figure) -> str:
    return "" if line.median is None else f"{_number(line.median)} {line.unit}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
