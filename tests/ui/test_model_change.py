"""Models that go out of use while studies are open: what they said is told, taken away and asked again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.result import ModelStamp
from inference.verify import VerifyCheck
from services.analyze import Analysis
from tests.inference import toy_packs
from tests.services.pack_files import MAKER, pack_file
from tests.ui.stage import StandInAnalyzer, pneumonia, wait_until, write_chest
from tests.ui.test_analysis_queue import by_name

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


class OneInstalled(StandInAnalyzer):
    """Speaks with the stamp of the pack that is installed, and not at all without one."""

    def __init__(self, packs: Any = None) -> None:
        super().__init__()
        self.packs = packs

    def analyze(self, *args: Any, **asked: Any) -> Analysis:
        """Return what the installed pack says."""
        made = super().analyze(*args, **asked)
        assert made.image is not None
        said = [
            replace(pneumonia(made.image, 0.9), stamp=_stamp(pack), title="Opacity (district)")
            for pack in (self.packs.library().packs() if self.packs is not None else ())
        ]
        return replace(made, result=replace(made.result, results=tuple(said)))


def _stamp(pack: Any) -> ModelStamp:
    return ModelStamp(
        pack_id=pack.id, version=str(pack.manifest.version), sha256=pack.sha256, pack_class="research",
        engine="openvino", device="CPU", precision="int8",
    )  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two versions of a pack, as its maker hands them out."""
    toys = tmp_path / "toys"
    toys.mkdir()
    toy_packs.write_outline_pack(toys)
    return {one: pack_file(toys, tmp_path / "stick", "toy-outline", one) for one in ("1.2.0", "1.3.0")}


@pytest.fixture
def window(stage: Stage, tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two studies that an installed pack looked at; the finding of the open one is answered."""
    passed = (VerifyCheck(name="Model", passed=True, text=""),)
    monkeypatch.setattr("services.pack_install.try_pack", lambda *_, **__: passed)
    analyzer = OneInstalled()
    folder = tmp_path / "images"
    for name in ("1", "2"):
        write_chest(folder, f"{name}.dcm", number=name)
    window = stage(folder, analyzer=analyzer)
    monkeypatch.setattr(window._workplace, "renew_analyzer", lambda: None)
    monkeypatch.setattr(window.tuning_watch, "begin", lambda: None)
    packs = window._workplace.packs
    packs._bundled = ()
    packs.keys.trust(MAKER, MAKER.fingerprint)
    _install(packs, files["1.2.0"])
    wait_until(lambda: len(window.book) == 2 and all(one.analysed for one in window.book.cases()))
    analyzer.packs = packs
    for case in window.book.cases():
        window.queue.ask_again(case)
    wait_until(lambda: all(one.models for one in window.book.cases()))
    window.open_case(by_name(window, "1.dcm").key)
    wait_until(window.read.column.impression.buttons["abnormal"].isEnabled)
    window.desk.give_impression("abnormal")
    wait_until(lambda: len(window.read.column.findings) == 1)
    window.desk.decide("toy-outline", "pneumonia", "agree")
    assert window.desk.missing() == ()
    return window


def _install(packs: Any, file: Path) -> None:
    with packs.offer(file) as offer:
        packs.install(offer)


def test_what_a_model_said_goes_with_the_trust_in_its_key(window: Any) -> None:
    other = by_name(window, "2.dcm")
    packs = window._workplace.packs
    case = window.desk.case
    before = case.analysis
    packs.keys.distrust(MAKER.key)
    refused = window._workplace.signing.missing(case.unit, case.analysis, case.draft)
    assert [one.code for one in refused] == ["model"]
    assert "Opacity (district) 1.2.0 is not trusted any more" in refused[0].text
    window.models._on_changed()
    wait_until(lambda: window.read.column.findings == [] and case.analysis not in (None, before))
    assert "Not used any more: Opacity (district) 1.2.0." in window.notices.texts()
    assert [one.code for one in window.desk.missing()] == ["final_read"]
    wait_until(lambda: other.analysed and other.models == ())


def test_an_answer_to_a_version_that_was_replaced_is_asked_again(window: Any, files: dict[str, Path]) -> None:
    _install(window._workplace.packs, files["1.3.0"])
    window.models._on_changed()
    wait_until(lambda: [one.code for one in window.desk.missing()] == ["decision"])
    assert "In use in another version now: Opacity (district) 1.2.0." in window.notices.texts()
    wait_until(window.read.column.findings[0].changed.isVisible)
    window._workplace.packs.roll_back("toy-outline")
    window.models._on_changed()
    wait_until(lambda: "In use in another version now: Opacity (district) 1.3.0." in window.notices.texts())
    wait_until(lambda: window.desk.case.models and window.desk.case.models[0].version == "1.2.0")


def test_a_reading_that_was_begun_is_told_of_when_it_is_opened_again(window: Any) -> None:
    first = window.desk.case
    window.open_case(by_name(window, "2.dcm").key)
    wait_until(lambda: window.desk.case is not first)
    window._workplace.packs.remove("toy-outline")
    window.models._on_changed()
    wait_until(lambda: first.analysed and first.models == ())
    assert "A model changed: images in the list are looked at again (1)." in window.notices.texts()
    window.open_case(first.key)
    assert any("Not used any more" in one for one in window.notices.texts())


def test_a_model_that_stays_as_it_is_is_not_asked_again(window: Any) -> None:
    case, before = window.desk.case, window.desk.case.analysis
    window.models._on_changed()
    wait_until(lambda: not window.pools.running())
    assert case.analysis is before
    assert window.notices.texts() == ()
