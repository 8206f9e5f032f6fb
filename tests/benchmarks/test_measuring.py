"""The arithmetic and the tables of the benchmarks; what they measure is never asserted."""

import pytest

from benchmarks import machine, measuring, tables


def test_all_candidates_run_once_in_every_round_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "PAUSE_S", 0.0)
    ran: list[str] = []
    candidates = {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}
    times = measuring.interleaved(candidates, rounds=3, warm_up=1)
    assert ran == ["a", "b", "a", "b", "a", "b", "a", "b"]
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_runs_that_are_not_timed_come_right_before_the_timed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "PAUSE_S", 0.0)
    ran: list[str] = []
    candidates = {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}
    times = measuring.interleaved(candidates, rounds=2, warm_up=0, untimed=2)
    assert "".join(ran) == "aaabbb" * 2
    assert {name: len(values) for name, values in times.items()} == {"a": 2, "b": 2}


def test_a_figure_is_the_median_with_its_quartiles_in_its_unit() -> None:
    figure = measuring.figure("section", "name", [0.001, 0.002, 0.003, 0.004, 0.005])
    assert figure.median == pytest.approx(3.0)
    assert (figure.runs, figure.unit) == (5, "ms")
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < 3.0 < figure.high


def test_one_run_is_its_own_median() -> None:
    assert measuring.figure("section", "name", [0.5], unit="s", scale=1).median == pytest.approx(0.5)


def test_a_skipped_line_says_why_on_paper_and_on_the_terminal() -> None:
    lines = [measuring.skipped("networks", "PyTorch eager", "torch is not installed")]
    assert "skipped: torch is not installed" in tables.plain(lines)
    assert "skipped: torch is not installed" in tables.markdown({"cores": "2"}, lines)


def test_aims_stand_beside_what_was_measured() -> None:
    lines = [measuring.figure("journeys", "finding to PDF", [0.2, 0.3], aim="500 ms")]
    assert "| finding to PDF | 250 ms |" in tables.markdown({}, lines)
    assert "aim: 500 ms" in tables.plain(lines)


def test_the_machine_is_described_without_its_name() -> None:
    described = machine.describe()
    assert described["cores"].isdigit()
    assert "numpy" in described["libraries"]
