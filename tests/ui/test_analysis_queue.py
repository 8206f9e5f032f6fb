"""Analyses in the background: whose turn it is, and what becomes of an answer about a signed study."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import Cancelled
from core.patient import Patient
from services.analyze import Analysis
from services.scan import scan
from tests.ui.hands import sign_the_open_case
from tests.ui.stage import StandInAnalyzer, pneumonia, stamp, wait_until, write_chest
from ui.analysis_queue import _Analysis
from ui.task import Handle

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def test_a_model_that_was_exchanged_since_the_signature_is_not_said_to_answer_otherwise(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    window.desk.close()
    case.analysis = None
    monkeypatch.setattr("tests.ui.stage.stamp", lambda *who: replace(stamp(*who), sha256="1" * 64))
    window.open_case(case.key)
    wait_until(lambda: "Another model is installed now" in window.read.column.computer.text())
    assert "otherwise" not in window.read.column.computer.text()
    assert "score 91" in window.read.column.computer.text()


class WithAnotherPack(StandInAnalyzer):
    """Has one pack more as soon as it is told so, which speaks first."""

    added = False

    def analyze(self, *args: Any, **asked: Any) -> Analysis:
        """Return what the stand-in says, and what the other pack does."""
        made = super().analyze(*args, **asked)
        if not self.added:
            return made
        assert made.image is not None
        other = replace(
            pneumonia(made.image, 0.97),
            stamp=replace(stamp("chest-other", "research"), sha256="2" * 64),
            title="A pack that was added",
        )
        return replace(made, result=replace(made.result, results=(other, *made.result.results)))


def test_beside_what_was_signed_stands_no_answer_of_a_pack_that_was_added_since(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = WithAnotherPack()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    case = sign_the_open_case(window)
    window.desk.close()
    case.analysis = None
    analyzer.added = True
    window.open_case(case.key)
    wait_until(lambda: case.analysis is not None)
    shown = [pack.stamp.pack_id for pack in case.analysis.result.results]
    assert shown == ["chest-lungs", "chest-pneumonia-child"]
    assert [card.pack_id for card in window.read.column.findings] == ["chest-pneumonia-child"]


def by_name(window: Any, name: str) -> Any:
    """Return the case of a file."""
    return next(case for case in window.book.cases() if Path(case.unit.path).name == name)


def a_list_that_waits_for(stage: Stage, folder: Path, held: str) -> tuple[Any, StandInAnalyzer]:
    """Return a window whose list is held up by the analysis of one image, as by a long map."""
    for name in ("1.dcm", "2.dcm", "3.dcm", "4.dcm"):
        write_chest(folder, name, number=name)
    analyzer = StandInAnalyzer()
    analyzer.hold[held] = threading.Event()
    window = stage(folder, analyzer=analyzer)
    wait_until(lambda: Path(analyzer.asked[-1]).name == held if analyzer.asked else False)
    return window, analyzer


def test_the_image_that_a_person_opens_is_answered_before_the_one_of_the_list_has_ended(
    stage: Stage, tmp_path: Path
) -> None:
    window, analyzer = a_list_that_waits_for(stage, tmp_path / "stick", "2.dcm")
    opened = by_name(window, "4.dcm")
    window.open_case(opened.key)
    wait_until(lambda: opened.analysis is not None)
    assert not analyzer.hold["2.dcm"].is_set(), "the list's image is still under way, and has no answer"
    assert by_name(window, "2.dcm").analysis is None


def test_what_gave_way_is_looked_at_again_next_and_counts_once(stage: Stage, tmp_path: Path) -> None:
    window, analyzer = a_list_that_waits_for(stage, tmp_path / "stick", "2.dcm")
    told: list[tuple[int, int]] = []
    window.queue.advanced.connect(lambda done, total, _left: told.append((done, total)))
    window.open_case(by_name(window, "4.dcm").key)
    wait_until(lambda: by_name(window, "4.dcm").analysis is not None)
    analyzer.hold["2.dcm"].set()
    wait_until(lambda: all(case.analysis is not None for case in window.book.cases()))
    assert [Path(path).name for path in analyzer.asked] == ["1.dcm", "2.dcm", "4.dcm", "2.dcm", "3.dcm"]
    wait_until(lambda: told[-1] == (4, 4))
    assert max(done for done, _ in told) == 4


def test_opening_many_starves_nothing_and_the_latest_comes_first(stage: Stage, tmp_path: Path) -> None:
    window, analyzer = a_list_that_waits_for(stage, tmp_path / "stick", "2.dcm")
    analyzer.hold["3.dcm"] = threading.Event()
    window.open_case(by_name(window, "3.dcm").key)
    wait_until(lambda: Path(analyzer.asked[-1]).name == "3.dcm")
    window.open_case(by_name(window, "4.dcm").key)
    wait_until(lambda: by_name(window, "4.dcm").analysis is not None)
    for gate in analyzer.hold.values():
        gate.set()
    wait_until(lambda: all(case.analysis is not None for case in window.book.cases()))
    assert [Path(path).name for path in analyzer.asked][-2:] == ["3.dcm", "2.dcm"]


def test_an_answer_that_comes_after_it_gave_way_is_no_line_in_the_trail(tmp_path: Path) -> None:
    noted: list[str] = []
    handle = Handle(lambda _kind, _payload: None)

    class EndsTooLate(StandInAnalyzer):
        def analyze(self, *args: Any, **asked: Any) -> Analysis:
            handle.stop()
            return super().analyze(*args, **asked)

    (unit,) = scan([str(write_chest(tmp_path, "1.dcm"))])
    case: Any = SimpleNamespace(key="1", unit=unit, draft=SimpleNamespace(typed=Patient()))
    analyzer: Any = EndsTooLate()
    with pytest.raises(Cancelled):
        _Analysis(lambda: analyzer, lambda key, _result: noted.append(key), case, None)(handle)
    assert noted == []
