"""The whole trail is checked against the real store and against exports that somebody tampered with."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Cancelled, NotATrailError, TrailNotWrittenError
from services.trail_check import TrailState
from services.trail_export import check_export
from services.trail_words import state_sentences, state_words
from tests.opening import open_workplace, raw_database

Change = Callable[[list[str]], list[str]]


def _write(profile: Path, count: int = 6) -> int:
    """Write lines into a profile and return the number of the first."""
    with open_workplace(profile) as workplace:
        first = workplace.trail.count() + 1
        for number in range(count):
            workplace.trail.note("open", f"unit:{number}", words=f"Child {number}")
            workplace.trail.note("decide", f"unit:{number}", detail={"pack": "chest"})
    return first


def _tamper(profile: Path, *statements: str) -> None:
    connection = raw_database(profile)
    for name in ("audit_stays", "audit_remains", "audit_words_stay"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def _state(profile: Path) -> TrailState:
    with open_workplace(profile) as workplace:
        return workplace.check_trail()


def test_a_trail_that_nobody_touched_is_whole(tmp_path: Path) -> None:
    _write(tmp_path)
    state = _state(tmp_path)
    assert (state.is_whole, state_sentences(state)) == (True, ())
    assert f"{state.lines} lines, whole" in state_words(state)


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("UPDATE audit SET person = 'Zoe' WHERE seq = {seq}", "changed"),
        ("UPDATE audit SET at = x'00' WHERE seq = {seq}", "changed"),
        ("UPDATE audit SET clock_doubted = 1 WHERE seq = {seq}", "changed"),
        ("UPDATE audit_words SET words = 'Child 7' WHERE seq = {seq}", "words_changed"),
        ("UPDATE audit_words SET salt = '' WHERE seq = {seq}", "words_changed"),
        ("DELETE FROM audit WHERE seq = {seq}", "missing"),
    ],
)
def test_a_changed_store_is_told_at_every_later_start_and_where(
    tmp_path: Path, statement: str, trouble: str
) -> None:
    seq = _write(tmp_path) + 2
    remove = [f"DELETE FROM audit_words WHERE seq = {seq}"] if statement.startswith("DELETE") else []
    _tamper(tmp_path, *remove, statement.format(seq=seq))
    for _ in range(2):
        state = _state(tmp_path)
        assert [(one.seq, one.trouble) for one in state.broken] == [(seq, trouble)]
        (sentence,) = state_sentences(state)
        assert str(seq) in sentence
        assert "The lines around were written on" in sentence
    with open_workplace(tmp_path) as workplace:
        noted = [json.loads(line.detail) for line in workplace.trail.findings()]
        assert noted == [{"found": [f"{trouble} {seq}"]}]  # once, however often it is checked


def test_an_end_that_was_cut_off_is_told_at_the_next_start_and_never_forgotten(tmp_path: Path) -> None:
    first = _write(tmp_path)
    _tamper(
        tmp_path, f"DELETE FROM audit_words WHERE seq > {first}", f"DELETE FROM audit WHERE seq > {first}"
    )
    state = _state(tmp_path)
    assert [(one.seq, one.trouble) for one in state.broken] == [(first + 1, "end_missing")]
    later = _state(tmp_path)
    assert (later.broken, later.is_whole) == ((), False)
    (sentence,) = state_sentences(later)
    assert f"Line {first + 1} at the end is missing." in sentence


def test_a_trail_that_was_written_anew_is_told_without_end(tmp_path: Path) -> None:
    first = _write(tmp_path, count=150)
    _tamper(tmp_path, f"UPDATE audit SET person = 'Zoe' WHERE seq >= {first}")
    state = _state(tmp_path)
    assert len(state.broken) == 100
    assert state.more == 201  # and the log-out
    assert "201 further places" in state_sentences(state)[-1]


def test_a_check_can_be_stopped_and_tells_how_far_it_is(tmp_path: Path) -> None:
    _write(tmp_path, count=400)
    told: list[int] = []

    def stop(done: int) -> None:
        told.append(done)
        raise Cancelled

    with open_workplace(tmp_path) as workplace:
        with pytest.raises(Cancelled):
            workplace.check_trail(stop)
        assert told == [500]
        assert workplace.trail_state is None
        assert workplace.check_trail().is_whole


@pytest.fixture
def export(tmp_path: Path) -> Path:
    _write(tmp_path / "profile")
    with open_workplace(tmp_path / "profile") as workplace:
        workplace.export_trail(tmp_path / "trail.jsonl", with_names=True)
    return tmp_path / "trail.jsonl"


def _change(line: str, **values: object) -> str:
    return json.dumps({**json.loads(line), **values}) + "\n"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda lines: lines, []),
        (lambda lines: [*lines[:3], _change(lines[3], person="Zoe"), *lines[4:]], [(3, "changed")]),
        (lambda lines: [*lines[:3], *lines[4:]], [(3, "missing")]),
        (lambda lines: [*lines[:3], "nothing\n", *lines[4:]], [(3, "missing")]),
        (
            lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
            [(3, "missing"), (5, "missing"), (4, "missing")],
        ),
        (lambda lines: lines[:-2], [(16, "end_missing")]),
        (lambda lines: [lines[0]], [(1, "end_missing")]),
        (lambda lines: [*lines[:4], _change(lines[4], words="Zoe"), *lines[5:]], [(4, "words_changed")]),
        (lambda lines: [*lines[:4], _change(lines[4], words=3), *lines[5:]], [(4, "missing")]),
    ],
)  # fmt: skip
def test_a_changed_export_is_told_without_a_password(
    export: Path, change: Change, broken: list[tuple[int, str]]
) -> None:
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(change(lines)))
    assert [(one.seq, one.trouble) for one in check_export(export).broken] == broken


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "farlight-audit/2", "last": {}}', "\0" * 99])
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    with pytest.raises(NotATrailError):
        check_export(tmp_path / "file")
    with pytest.raises(NotATrailError):
        check_export(tmp_path)


def test_an_export_says_which_line_a_printed_digest_is_of(export: Path) -> None:
    lines = [json.loads(line) for line in export.read_text().splitlines()[1:]]
    assert check_export(export, (3, lines[2]["digest"][:8])).witness_holds is True
    assert check_export(export, (4, lines[2]["digest"][:8])).witness_holds is False
    assert check_export(export).witness_holds is None


def test_an_export_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with open_workplace(tmp_path / "profile") as workplace:
        with pytest.raises(TrailNotWrittenError):
            workplace.export_trail(tmp_path / "no such folder" / "trail.jsonl")
        (tmp_path / "trail.jsonl").mkdir()
        with pytest.raises(TrailNotWrittenError):
            workplace.export_trail(tmp_path / "trail.jsonl")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["profile", "trail.jsonl"]


def test_places_are_the_same_whatever_is_known_of_their_neighbours(tmp_path: Path) -> None:
    _write(tmp_path)
    _tamper(tmp_path, "UPDATE audit SET person = 'Zoe' WHERE seq = 3")
    (found,) = _state(tmp_path).broken
    assert replace(found, before_at=None, after_at=None) == found
