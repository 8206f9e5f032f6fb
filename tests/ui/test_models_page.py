"""Models from other hands in the window: installed, gone back from, removed, refused; keys compared."""

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from inference.verify import VerifyCheck
from services.packs import installed_packs
from services.scan import Medium
from tests.inference import toy_packs
from tests.services.pack_files import ACCEPTANCE, MAKER, PRIVATE, pack_file
from tests.ui.stage import let_pass, wait_until
from tests.ui.test_pages import words_on
from ui.checks_card import FoldedLines
from ui.models_page import _list

MODELS = Path(__file__).parents[2] / "models"
FEW = ("breast-recurrence", "malaria-cell")
"""A table and a small network: enough models of the program where it does not matter which they are."""
pytestmark = pytest.mark.display
Stage = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pack files as they come on a stick."""
    out = tmp_path_factory.mktemp("stick")
    toys = tmp_path_factory.mktemp("toys")
    toy_packs.write_outline_pack(toys)
    foreign = bytes(reversed(PRIVATE))
    return {
        "1.2.0": pack_file(toys, out, "toy-outline", "1.2.0"),
        "1.3.0": pack_file(toys, out, "toy-outline", "1.3.0"),
        "foreign": pack_file(toys, out / "foreign", "toy-outline", "1.2.0", key=foreign),
        "asking": pack_file(
            toys, out / "asking", "toy-outline", "1.2.0",
            ('attribution = "nobody"', ACCEPTANCE), ("commercial_use = true", "commercial_use = false"),
        ),
    }  # fmt: skip


@pytest.fixture
def page(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page of a window whose administrator trusts the maker; the trial is believed."""
    passed = (VerifyCheck(name="Model", passed=True, text=""),)
    monkeypatch.setattr("services.pack_install.try_pack", lambda *_, **__: passed)
    window = stage()
    monkeypatch.setattr(window.queue, "warm_up", lambda: None)
    window.models.packs_changed.disconnect()
    window._workplace.packs.keys.trust(MAKER, MAKER.fingerprint)
    window.show_page("models")
    window.models.reload()
    return window.models


def _offered(page: Any, file: Path) -> Any:
    page.desk.open_file(file)
    wait_until(lambda: page.desk.dialog is not None or page.desk._task is None)
    return page.desk.dialog


def _install(page: Any, file: Path) -> str:
    _offered(page, file).yes.click()
    wait_until(lambda: page.desk._task is None and page.desk.dialog is None and page.desk.said.text() != "")
    return str(page.desk.said.text())


def _button(page: Any, words: str) -> Any:
    from ui.controls import KeyButton

    def found() -> list[Any]:
        return [
            one
            for one in page.findChildren(KeyButton, "change")
            if words in one.accessibleName() and one.isVisible()
        ]

    wait_until(lambda: len(found()) == 1)
    return found()[0]


def test_a_model_is_installed_upgraded_gone_back_from_and_removed(page: Any, files: dict[str, Path]) -> None:
    assert "1.2.0 is installed and in use" in _install(page, files["1.2.0"])
    dialog = _offered(page, files["1.3.0"])
    assert "in place of 1.2.0" in words_on(dialog)
    assert MAKER.fingerprint in words_on(dialog)
    dialog.yes.click()
    wait_until(lambda: "1.3.0 is installed" in page.desk.said.text())
    wait_until(lambda: "1.3.0 in use · signed by Ministry of Health" in words_on(page))
    _button(page, "Go back to 1.2.0").click()
    assert "Goes: toy-outline 1.3.0." in words_on(page.desk.dialog)
    page.desk.dialog.yes.click()
    wait_until(lambda: "In use is now toy-outline 1.2.0" in page.desk.said.text())
    wait_until(lambda: "1.3.0 in use" not in words_on(page))
    _button(page, "Remove … toy-outline").click()
    page.desk.dialog.yes.click()
    wait_until(lambda: "Removed toy-outline" in page.desk.said.text())
    wait_until(lambda: "signed by Ministry of Health" not in words_on(page))


def test_declining_changes_nothing(page: Any, files: dict[str, Path]) -> None:
    _offered(page, files["1.2.0"]).no.click()
    wait_until(lambda: "Nothing was changed" in page.desk.said.text())
    wait_until(lambda: not list((page._workplace.folder / "packs").glob(".staging*")))
    assert page.desk.choose.isEnabled()


def test_a_licence_is_shown_and_must_be_accepted(page: Any, files: dict[str, Path]) -> None:
    from PySide6.QtWidgets import QPlainTextEdit

    dialog = _offered(page, files["asking"])
    assert dialog.findChild(QPlainTextEdit).toPlainText() == "Apache-2.0\n"
    assert "no commercial use" in words_on(dialog)
    assert not dialog.yes.isEnabled()
    dialog.accepted_licence.click()
    assert dialog.yes.isEnabled()
    dialog.yes.click()
    wait_until(lambda: "is installed" in page.desk.said.text())
    assert len(page._workplace.packs._store.licences()) == 1


def test_a_foreign_key_is_refused_and_says_what_to_do(page: Any, files: dict[str, Path]) -> None:
    assert _offered(page, files["foreign"]) is None
    assert "E253" in page.desk.said.text()
    assert "public key file" in page.desk.said.text()
    assert page.desk.said.property("role") == "error"


def test_pack_files_on_a_stick_are_offered_while_the_page_is_open(page: Any, files: dict[str, Path]) -> None:
    from ui.controls import KeyButton

    stick = Medium(name="KINGSTON", path=files["1.2.0"].parent)
    page.show_media((stick,))
    wait_until(lambda: "On KINGSTON: toy-outline-1.2.0.farpack" in words_on(page))
    button = next(
        one for one in page.findChildren(KeyButton, "offer") if one.accessibleName().endswith("1.2.0.farpack")
    )
    button.click()
    wait_until(lambda: page.desk.dialog is not None)
    page.desk.dialog.no.click()
    page.show_media(())
    wait_until(lambda: "KINGSTON" not in words_on(page))


def test_a_pack_file_dropped_on_the_window_is_offered(page: Any, files: dict[str, Path]) -> None:
    from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
    from PySide6.QtGui import QDropEvent

    window = page.window()
    window.show_page("worklist")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(files["1.2.0"]))])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    wait_until(lambda: page.desk.dialog is not None)
    assert page.isVisible()
    page.desk.dialog.no.click()
    wait_until(lambda: "Nothing was changed" in page.desk.said.text())


def test_a_key_is_trusted_only_when_the_digits_that_were_read_out_are_its_own(
    page: Any, tmp_path: Path
) -> None:
    keys = page.keys
    keys._workplace.packs.keys.distrust(MAKER.key)
    keys.refresh()
    (tmp_path / "maker.farkey.pub").write_text(MAKER.text(), encoding="utf-8")
    keys.open_key(tmp_path / "maker.farkey.pub")
    dialog = keys.dialog
    assert MAKER.fingerprint not in words_on(dialog)
    dialog.digits.setText("1" * 40)
    assert not dialog.yes.isEnabled()
    assert "not the digits" in dialog.wrong.text()
    dialog.digits.setText(MAKER.fingerprint.replace(" ", ""))
    dialog.yes.click()
    wait_until(lambda: MAKER.fingerprint in words_on(keys))


def test_taking_the_trust_away_names_the_models_that_go_out_of_use(page: Any, files: dict[str, Path]) -> None:
    _install(page, files["1.2.0"])
    page.keys.ask_distrust(page._workplace.packs.keys.all()[0])
    assert "toy-outline 1.2.0" in words_on(page.keys.dialog)
    page.keys.dialog.yes.click()
    wait_until(lambda: "not trusted any more" in words_on(page))


def test_a_file_that_holds_no_key_is_told(page: Any, tmp_path: Path) -> None:
    (tmp_path / "x.farkey.pub").write_bytes(b"\x00\xff")
    page.keys.open_key(tmp_path / "x.farkey.pub")
    assert page.keys.dialog is None
    assert "E259" in page.keys.said.text()


def test_who_is_no_administrator_can_only_look(page: Any, files: dict[str, Path]) -> None:
    _install(page, files["1.2.0"])
    remove = _button(page, "Remove … toy-outline")
    page._workplace.session.leave()
    page.show_rights()
    for part in (page.desk.choose, page.keys.add_key, remove):
        assert not part.isEnabled()
        assert "administrator" in part.toolTip()
    page.open_files((files["1.3.0"],))
    assert page.desk._task is None
    assert "administrator" in page.desk.said.text()


def test_a_trial_that_is_stopped_changes_nothing(
    page: Any, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.progress import stop_if

    def endless(_folder: Path, *, cancelled: Callable[[], bool]) -> None:
        while True:
            stop_if(cancelled)

    monkeypatch.setattr("services.pack_install.try_pack", endless)
    page.desk.open_file(files["1.2.0"])
    wait_until(lambda: "Trying" in page.desk.line.words.text())
    page.desk.line.stop.click()
    wait_until(lambda: page.desk._task is None)
    assert "Stopped" in page.desk.said.text()
    assert not list((page._workplace.folder / "packs").glob("*"))


def test_installing_leaves_the_page_where_what_is_said_is_in_sight(page: Any, files: dict[str, Path]) -> None:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QScrollArea

    page.window().resize(1024, 640)
    area = page.findChild(QScrollArea)
    page.desk.choose.setFocus()
    _install(page, files["1.2.0"])
    wait_until(page.desk.choose.isEnabled)
    let_pass(50)
    assert page.desk.choose.hasFocus()
    assert area.verticalScrollBar().value() == 0
    remove = _button(page, "Remove … toy-outline")
    area.ensureWidgetVisible(remove)
    assert area.verticalScrollBar().value() > 0
    remove.click()
    page.desk.dialog.yes.click()
    wait_until(lambda: "Removed toy-outline" in page.desk.said.text())
    let_pass(50)
    assert page.desk.said.mapTo(area.viewport(), QPoint(0, 0)).y() >= 0


# --- demonstration models


TRIAL = ('class = "assist"', 'class = "demonstration"')


def test_a_demonstration_answers_nothing_until_an_administrator_switches_it_on(
    page: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    import json

    toys = tmp_path / "toys"
    toys.mkdir()
    toy_packs.write_outline_pack(toys)
    workplace, card = page._workplace, page.demonstration
    said = _install_words(page, pack_file(toys, tmp_path / "out", "toy-outline", "1.2.0", TRIAL))
    assert "It is a demonstration: it answers nothing until an administrator" in said
    assert "in use" not in said
    wait_until(lambda: "1.2.0 installed, switched off" in words_on(page))
    assert not card.switch.isChecked()
    assert "Off" in card.state.text()
    assert not workplace.analyzer().options.demonstration
    card.switch.click()
    assert workplace.settings.flag("packs.demonstration")
    assert workplace.analyzer().options.demonstration, "the next image is looked at by it"
    newest = next(iter(workplace.trail.of(("settings",))))
    detail = json.loads(newest.detail)
    assert (detail["key"], detail["old"], detail["new"]) == ("packs.demonstration", False, True)
    wait_until(lambda: "1.2.0 in use" in words_on(page))
    assert "On" in card.state.text()
    card.switch.click()
    assert not workplace.analyzer().options.demonstration, "switched off, it answers on nothing more"
    card.switch.click()
    for never in ("no signed report", "no urgency", "no letter", "order no list", "watermarked"):
        assert never in words_on(card)


def _install_words(page: Any, file: Path) -> str:
    _offered(page, file).yes.click()
    wait_until(lambda: page.desk._task is None and page.desk.dialog is None and page.desk.said.text() != "")
    return str(page.desk.said.text())


def test_only_an_administrator_switches_demonstration_models(page: Any) -> None:
    page._workplace.session.leave()
    page.show_rights()
    assert not page.demonstration.switch.isEnabled()
    assert "administrator" in page.demonstration.switch.toolTip()


def test_an_upgrade_points_out_what_it_changes_for_patients(page: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    toys = tmp_path / "toys"
    toys.mkdir()
    toy_packs.write_outline_pack(toys)
    _install_words(page, pack_file(toys, tmp_path / "out", "toy-outline", "1.2.0", TRIAL))
    newer = pack_file(
        toys,
        tmp_path / "newer",
        "toy-outline",
        "1.3.0",
        ('not_for = ["patients"]', 'not_for = ["patients", "adults"]'),
    )
    dialog = _offered(page, newer)
    words = words_on(dialog)
    assert "assist, was demonstration" in words
    assert "Until now it was a demonstration" in words
    assert "New: it is not for adults." in words
    assert "patients; adults" in words
    assert "must be entered again" not in words
    dialog.no.click()
    wait_until(lambda: "Nothing was changed" in page.desk.said.text())
    from ui.pack_dialogs import OfferDialog

    asked = OfferDialog(replace(dialog_offer(page, newer), replaced=None), ("Opacity",), page.window())
    assert "How common Opacity is here must be entered again after the upgrade" in words_on(asked)
    asked.deleteLater()


def dialog_offer(page: Any, file: Path) -> Any:
    """Return what a file offers, and decline it."""
    dialog = _offered(page, file)
    offer = dialog.offer
    dialog.no.click()
    wait_until(lambda: page.desk.dialog is None)
    return offer


def test_a_complaint_about_a_foreign_key_goes_when_the_key_is_trusted(
    page: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    from inference.signature import PublicKey, public_key_of

    foreign = PublicKey(name="District", key=public_key_of(bytes(reversed(PRIVATE))))
    _offered(page, files["foreign"])
    assert "E253" in page.desk.said.text()
    assert foreign.fingerprint[:5] not in page.desk.said.text(), "nobody copies the digits from the file"
    (tmp_path / "maker.farkey.pub").write_text(foreign.text(), encoding="utf-8")
    page.keys.open_key(tmp_path / "maker.farkey.pub")
    page.keys.dialog.digits.setText(foreign.fingerprint)
    page.keys.dialog.yes.click()
    wait_until(lambda: foreign.fingerprint in words_on(page.keys))
    assert page.desk.said.text() == ""


def test_why_a_model_is_not_used_is_said_once(page: Any, files: dict[str, Path]) -> None:
    _install(page, files["1.2.0"])
    page._workplace.packs.keys.distrust(MAKER.key)
    page.reload()
    wait_until(lambda: "not trusted any more" in words_on(page))
    assert words_on(page).count("not trusted any more") == 1


def test_a_list_that_was_read_before_a_change_is_not_shown_after_it(
    page: Any, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(page, files["1.2.0"])
    wait_until(lambda: "1.2.0 in use" in words_on(page))
    started, go, ended = Event(), Event(), Event()

    def slowly(workplace: Any, handle: Any) -> Any:
        listed = _list(workplace, handle)
        started.set()
        go.wait(30)
        ended.set()
        return listed

    monkeypatch.setattr("ui.models_page._list", slowly)
    page.reload()
    wait_until(started.is_set)
    monkeypatch.setattr("ui.models_page._list", _list)
    page._workplace.packs.keys.distrust(MAKER.key)
    page.reload()
    wait_until(lambda: "not trusted any more" in words_on(page))
    go.set()
    wait_until(lambda: ended.is_set() and not page._pools.running())
    assert "1.2.0 in use" not in words_on(page)


def test_the_settings_learn_of_a_model_without_a_restart(
    stage: Stage, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passed = (VerifyCheck(name="Model", passed=True, text="", engine="openvino", precision="fp32"),)
    monkeypatch.setattr("services.pack_install.try_pack", lambda *_, **__: passed)
    monkeypatch.setattr("inference.trial.try_pack", lambda *_, **__: passed)
    window = stage()
    page, card = window.models, window.this_computer
    for name in FEW:
        shutil.copytree(MODELS / name, tmp_path / "few" / name)
    window._workplace.packs._bundled = (tmp_path / "few",)  # all of them are tried on the page of settings
    window._workplace.packs.keys.trust(MAKER, MAKER.fingerprint)
    asked: list[object] = []
    monkeypatch.setattr(window.common, "show_models", asked.append)

    def verdicts() -> list[str]:
        """Return each verdict, those that are folded into one line too."""
        rows = [card._verdicts.itemAt(row).widget() for row in range(card._verdicts.count())]
        folded = [
            line for row in rows if isinstance(row, FoldedLines) for line in row.details.text().split("\n")
        ]
        return [*folded, *(words_on(row) for row in rows if not isinstance(row, FoldedLines))]

    bundled = len(installed_packs(library=window._workplace.packs.library()))
    window.show_page("settings")
    wait_until(lambda: len(verdicts()) == bundled and not card._running, timeout_s=60.0)
    window.show_page("models")
    _install(page, files["1.2.0"])
    assert verdicts() == []  # what was found before holds no more
    window.show_page("settings")
    wait_until(lambda: len(verdicts()) == bundled + 1 and not card._running, timeout_s=60.0)
    window.show_page("models")
    page.keys.ask_distrust(window._workplace.packs.keys.all()[0])
    page.keys.dialog.yes.click()
    wait_until(lambda: verdicts() == [])
    window.show_page("settings")
    wait_until(lambda: len(verdicts()) == bundled + 1 and not card._running, timeout_s=60.0)
    assert any("toy-outline: is not used." in words for words in verdicts())
