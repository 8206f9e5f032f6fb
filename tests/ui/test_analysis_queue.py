"""Analyses in the background: what becomes of an answer about a study that is signed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.analyze import Analysis
from tests.ui.stage import StandInAnalyzer, pneumonia, stamp, wait_until, write_chest
from tests.ui.test_reading import sign_the_open_case

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
