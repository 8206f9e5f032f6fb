"""The patient form in the window: prefilled, checked, kept, cleared and put back; the estimate as a card."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.patient import Patient, Sourced
from core.result import Measurement
from inference.packs import load_pack
from inference.requests import PackRun
from inference.risk_reading import assess, load_table
from inference.runner import PackRunner
from services.analyze import AnalysisOptions, Analyzer
from tests.inference import toy_packs
from tests.inference.toy_tables import make_groups, make_heart, make_recurrence
from tests.services import cine_toys as toys
from tests.ui.stage import wait_until, write_chest


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    make_heart(folder / "toy-heart")
    make_recurrence(folder / "toy-recurrence")
    toml = toy_packs.OUTLINE_TOML.replace("toy-outline", "cardiac-cine").replace("1.2.0", "1.0.0")
    toy_packs.write_pack(folder / "cardiac-cine", toml, toy_packs.outline_model(), toy_packs.OUTLINE_SIDE)
    return folder


@pytest.fixture
def open_on(stage: Callable[..., Any], packs: Path, tmp_path: Path) -> Callable[[], Any]:
    """Open a window on one image, beside which nothing was measured unless a test measures it."""

    def open_it() -> Any:
        analyzer = Analyzer(AnalysisOptions(demonstration=True), pack_folders=[packs])
        shown = stage(write_chest(tmp_path, "a.dcm", age="072Y"), analyzer=analyzer)
        wait_until(lambda: shown.desk.case is not None and shown.desk.case.analysis is not None)
        return shown

    return open_it


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the pack ``cardiac-cine`` of these tests measure a volume, as it does on a beating heart."""
    run = PackRunner.run

    def measuring(self: PackRunner, pack_id: str, *arguments: Any, **named: Any) -> PackRun:
        done = run(self, pack_id, *arguments, **{**named, "use_gates": False})
        volume = Measurement(code="lv_edv", label="LV volume", value=212.0, unit="ml")
        return replace(done, result=replace(done.result, status="ok", refusal=None, measurements=(volume,)))

    monkeypatch.setattr(PackRunner, "run", measuring)


@pytest.fixture
def window(measured: None, open_on: Callable[[], Any]) -> Any:
    """A window on an image on which something was measured that one model builds on."""
    return open_on()


def _form(window: Any) -> Any:
    return window.read.column.values


def _estimates(window: Any) -> list[Any]:
    from ui.risk_card import RiskCard

    return list(window.read.column.findChildren(RiskCard))


def _type(window: Any, **texts: str) -> None:
    for code, text in texts.items():
        field = _form(window).fields()[code]
        field.set_text(text)
        field.edited.emit()


def test_the_form_waits_for_the_first_impression_and_knows_the_age_of_the_header(window: Any) -> None:
    from PySide6.QtWidgets import QLabel

    assert not _form(window).isVisible()
    window.desk.give_impression("unsure")
    assert _form(window).isVisible()
    known = _form(window).findChild(QLabel, "known-age_years")
    assert "72 years (image header)" in known.text()
    assert set(_form(window).fields()) == {"ejection_fraction", "smoking", "volume"}


def test_a_value_that_cannot_be_is_marked_and_gone_to_and_nothing_is_asked(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="250")
    asked = window.desk.case.asked
    _form(window).submit()
    field = _form(window).fields()["ejection_fraction"].control
    assert field.property("wrong")
    assert "5 to 90 %" in _form(window).wrong.text()
    assert window.desk.case.asked == asked
    assert dict(window.desk.case.draft.typed.further) == {}


def test_what_is_missing_is_named(window: Any) -> None:
    window.desk.give_impression("unsure")
    _form(window).submit()
    assert "Ejection fraction" in _form(window).wrong.text()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 640)])
def test_all_that_is_wrong_or_missing_is_named_at_once_beside_the_button_in_sight(
    stage: Callable[..., Any], tmp_path: Path, width: int, height: int
) -> None:
    make_recurrence(tmp_path / "packs" / "toy-recurrence")
    make_heart(tmp_path / "packs" / "toy-heart")
    analyzer = Analyzer(AnalysisOptions(demonstration=True), pack_folders=[tmp_path / "packs"])
    window = stage(analyzer=analyzer)
    window.resize(width, height)
    wait_until(window.worklist.empty.estimate.isEnabled)
    window.worklist.empty.estimate.click()
    wait_until(lambda: window.desk.case is not None and bool(_form(window).fields()))
    form = _form(window)
    form.model.setCurrentIndex(form.model.findData("toy-heart"))
    _type(window, ejection_fraction="250", volume="abc")
    form.submit()
    assert form.wrong.text().count("\n") == 2
    assert "5 to 90 %" in form.wrong.text()
    assert "Still needed: Age" in form.wrong.text()
    assert form.fields()["ejection_fraction"].control.hasFocus()
    view = window.read.column.page.viewport()

    def is_in_sight(part: Any) -> bool:
        top = part.mapTo(view, part.rect().topLeft()).y()
        return bool(part.isVisible() and top >= 0 and top + part.height() <= view.height())

    wait_until(lambda: is_in_sight(form.wrong) and is_in_sight(form.estimate))
    _type(window, ejection_fraction="25")
    assert "5 to 90 %" not in form.wrong.text()
    assert "Still needed: Age" in form.wrong.text()


def test_typed_values_are_kept_and_answered_with_an_estimate(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="25,5", smoking="yes")
    assert window.desk.case.draft.typed.further["ejection_fraction"] == Sourced(value=25.5, source="typed")
    _form(window).submit()
    wait_until(lambda: bool(_estimates(window)))
    (card,) = _estimates(window)
    from PySide6.QtWidgets import QLabel

    words = " ".join(one.text() for one in card.findChildren(QLabel))
    assert "Death within 180 days: of 100 patients of the study" in words
    assert "Not for any decision about a patient" in words
    assert window.desk.missing() == () or all(one.code != "answer" for one in window.desk.missing())


def test_who_the_patient_is_may_change_and_the_values_stay(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="25")
    window.desk.identify(window.desk.case.draft.typed.__class__(), ("name",))
    assert "ejection_fraction" in window.desk.case.draft.typed.further


def test_a_cleared_form_is_put_back_by_undo(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="25", smoking="yes")
    _form(window).clear.click()
    assert _form(window).texts() == {}
    assert dict(window.desk.case.draft.typed.further) == {}
    window.desk.undo.undo()
    assert _form(window).texts() == {"ejection_fraction": "25", "smoking": "yes"}
    assert set(window.desk.case.draft.typed.further) == {"ejection_fraction", "smoking"}


def test_beside_an_image_only_models_are_offered_that_build_on_what_was_measured(window: Any) -> None:
    window.desk.give_impression("unsure")
    assert [form.pack_id for form in _form(window)._forms] == ["toy-heart"]
    assert not _form(window).model.isVisible()


def test_beside_an_image_on_which_nothing_was_measured_there_is_no_form(open_on: Callable[[], Any]) -> None:
    window = open_on()
    window.desk.give_impression("unsure")
    assert window.desk.is_open_card
    assert [form.pack_id for form in window.desk.case.forms] == ["toy-heart", "toy-recurrence"]
    assert not _form(window).isVisible()


def test_the_form_stays_while_the_models_are_asked_again(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="25")
    window.desk.ask_estimates()
    assert window.desk.case.analysis is None
    assert _form(window).isVisible()
    assert _form(window).texts() == {"ejection_fraction": "25"}
    wait_until(lambda: bool(_estimates(window)))
    assert _form(window).texts() == {"ejection_fraction": "25"}


def test_values_that_were_typed_and_not_counted_stand_before_the_signature(window: Any) -> None:
    window.desk.give_impression("unsure")
    before = [one.code for one in window.desk.missing()]
    _type(window, ejection_fraction="25")
    assert "press Estimate" in window.read.column.missing.text()
    _form(window).clear.click()
    assert [one.code for one in window.desk.missing()] == before


def test_the_same_models_are_offered_beside_a_heart_and_not_beside_a_chest(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    toys.build_toy_cine(tmp_path / "packs")
    make_heart(tmp_path / "packs" / "toy-heart")
    make_recurrence(tmp_path / "packs" / "toy-recurrence")
    toys.write_dicom(tmp_path / "stick" / "heart", toys.drawn_heart())
    write_chest(tmp_path / "stick", "chest.dcm", age="072Y")
    options = AnalysisOptions(demonstration=True, engine="onnxruntime", precision="fp32", threads=1)
    window = stage(tmp_path / "stick", analyzer=Analyzer(options, pack_folders=[tmp_path / "packs"]))
    wait_until(lambda: len(window.book.cases()) == 2)
    offered = {}
    for case in window.book.cases():
        window.open_case(case.key)
        wait_until(lambda: window.desk.case.analysis is not None)
        window.desk.give_impression("unsure")
        offered[case.unit.header.modality] = [form.pack_id for form in _form(window)._forms]
        assert _form(window).isVisible() == bool(offered[case.unit.header.modality])
    assert offered == {"MR": ["toy-heart"], "DX": []}


def test_the_card_of_groups_names_those_that_are_not_told_apart_as_the_paper_does(
    clean: None, tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QLabel

    from services.words import group_words, groups_of
    from ui.risk_card import RiskCard
    from ui.theme import Theme

    pack = load_pack(make_groups(tmp_path / "toy-groups"))
    values: dict[str, Sourced[float | str | bool]] = {"ejection_fraction": Sourced(value=35.0, source="file")}
    patient = Patient(age_years=Sourced(value=60.0, source="file"), further=values)
    result = assess(pack, load_table(pack), patient)
    card = RiskCard(Theme("dark"), result, None)
    said = group_words(groups_of(result))
    assert "Resembles" in said or "not told apart" in said
    (shown,) = [one for one in card.findChildren(QLabel) if one.text() == said]
    assert shown.property("role") == "strong"
    card.deleteLater()


def test_an_estimate_of_older_values_is_dimmed_and_says_what_it_was_counted_from(window: Any) -> None:
    window.desk.give_impression("unsure")
    _type(window, ejection_fraction="25", smoking="yes")
    _form(window).submit()
    wait_until(lambda: bool(_estimates(window)))
    (card,) = _estimates(window)
    wait_until(card.isVisible)
    assert not card.older.isVisible()
    _type(window, ejection_fraction="60")
    told = "Counted from older values: ejection fraction 25 %. Estimate again."
    assert card.older.text() == card.accessibleDescription() == told
    assert card.older.isVisible()
    assert card.older.property("role").startswith("warning")
    assert card._said.graphicsEffect().opacity() < 0.5
    _type(window, smoking="no")
    assert "; smoking Yes. Estimate again." in card.older.text()
    _type(window, ejection_fraction="25", smoking="yes")
    assert not card.older.isVisible()
    assert card._said.graphicsEffect() is None
