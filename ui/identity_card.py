"""Who the patient is, where the image does not say it: two identifiers, typed and confirmed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QApplication, QGridLayout, QLineEdit, QWidget

from core.patient import Contradiction, Patient, Sex, Sourced
from services.drafts import IdentityJotting
from services.patient import (
    age_disagrees,
    age_now,
    day_typed,
    identity_differs,
    is_in_the_future,
    merge,
)
from ui import words
from ui.controls import Card, KeyButton, label, line_in, set_role
from ui.still_controls import AskedComboBox

OLDEST_YEARS, FEW_ARE_OLDER_YEARS = 130, 110
_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d")
IDENTIFIERS = ("name", "id", "birth_date")


class IdentityCard(Card):
    """Asks who the patient is where the image does not say it; two identifiers, typed and confirmed.

    What contradicts the image, or takes the number of somebody else, is confirmed twice: the form says first
    what stands against it. ``id_holders`` returns such sentences about a number; ``now`` is a time in s.
    """

    confirmed = Signal(object, object)  # Patient, names of the confirmed identifiers
    jotted = Signal(object)  # IdentityJotting as somebody types, None where it says what is known

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._header = self._given_before = Patient()
        self._known = IdentityJotting()
        self._day: str | None = None
        self._image = True
        self.id_holders: Callable[[Patient], tuple[str, ...]] = lambda _patient: ()
        self._doubted: IdentityJotting | None = None
        self._doubted_at = 0.0
        self.now: Callable[[], float] = time.monotonic
        self.body.addWidget(label(self.tr("Who is this?"), "title"))
        self._why = label("", "muted", wrap=True)
        self.body.addWidget(self._why)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        self.fields = {
            "name": line_in(grid, 0, self.tr("Name"), self.tr("Family name, given names")),
            "id": line_in(grid, 1, self.tr("ID"), self.tr("Number of the card or register")),
            "birth_date": line_in(grid, 2, self.tr("Born"), self.tr("Year-month-day, or leave empty")),
        }
        self.sex = AskedComboBox()
        self.sex.setAccessibleName(self.tr("Sex"))
        for word, code in (
            (self.tr("Not known"), None),
            (self.tr("Female"), "F"),
            (self.tr("Male"), "M"),
            (self.tr("Other"), "O"),
        ):
            self.sex.addItem(word, code)
        self.age = QLineEdit()
        self.age.setPlaceholderText(self.tr("Years, e.g. 3 or 0.5"))
        self.age.setAccessibleName(self.tr("Age in years"))
        grid.addWidget(label(self.tr("Sex"), "muted"), 3, 0)
        grid.addWidget(self.sex, 3, 1)
        grid.addWidget(label(self.tr("Age"), "muted"), 4, 0)
        grid.addWidget(self.age, 4, 1)
        self.body.addLayout(grid)
        self._wrong = label("", "error", wrap=True)
        self._wrong.hide()
        self.body.addWidget(self._wrong)
        self.doubt = label("", "warning", wrap=True)
        self.doubt.hide()
        self.body.addWidget(self.doubt)
        self.confirm = KeyButton("")
        self.confirm.clicked.connect(self.submit)
        self.body.addWidget(self.confirm)
        self.undo_typed = KeyButton(self.tr("Undo what was typed"))
        self.undo_typed.clicked.connect(self._on_undo_typed)
        self.undo_typed.hide()
        self.body.addWidget(self.undo_typed)
        for field in (*self.fields.values(), self.age):
            field.returnPressed.connect(self._on_returned)
            field.textChanged.connect(self._on_typed)
        self.sex.returned.connect(self._on_returned)
        self.sex.currentIndexChanged.connect(self._on_typed)
        self._filling = False
        self._show_doubts(())

    def show_patient(
        self,
        header: Patient,
        typed: Patient,
        *,
        day: str | None = None,
        jotting: IdentityJotting | None = None,
        image: bool = True,
    ) -> None:
        """Fill the form with what is known, or with what somebody typed and has not confirmed.

        ``day`` is when the image was taken, where the header says it; without ``image`` there is none.
        """
        self._header, self._given_before, self._day = header, replace(typed, further=Patient().further), day
        self._filling = True
        self._fill(header, typed)
        self._known = self._standing()
        if jotting is not None:
            self._fill_typed(jotting)
        self._filling = False
        changed = self._standing() != self._known
        self.undo_typed.setVisible(changed)
        if jotting is not None and not changed:
            self.jotted.emit(None)
        self._wrong.hide()
        self._show_doubts(())
        known = sum(getattr(header, name) is not None for name in IDENTIFIERS)
        self._image = image
        self._why.setText(
            self.tr("Type two of name, ID and birth date.")
            if not image
            else (
                self.tr("The image does not say it. Type two identifiers; a file name is never one."),
                self.tr("The image says only one of name, ID and birth date. Two are needed."),
            )[known]
            if known < 2
            else self.tr("From the image. Correct it here; what you type wins and is marked.")
        )

    def _fill_typed(self, jotting: IdentityJotting) -> None:
        for name, field in self.fields.items():
            field.setText(getattr(jotting, name))
        self.sex.setCurrentIndex(max(0, self.sex.findData(jotting.sex or None)))
        self.age.setText(jotting.age)

    def _fill(self, header: Patient, typed: Patient) -> None:
        for name, field in self.fields.items():
            value = getattr(typed, name) or getattr(header, name)
            field.setText(value.value.replace("^", " ").strip() if value else "")
            field.setToolTip(self._source(getattr(typed, name), getattr(header, name)))
        sex = typed.sex or header.sex
        self.sex.setCurrentIndex(max(0, self.sex.findData(sex.value if sex else None)))
        age = typed.age_years or header.age_years
        self.age.setText(f"{age.value:g}" if age else "")
        self.age.setToolTip(self._source(typed.age_years, header.age_years))

    def fill_from(self, patient: Patient) -> None:
        """Fill the form with somebody of the register, still to be confirmed; what they lack is emptied."""
        for name, field in self.fields.items():
            value = getattr(patient, name)
            field.setText(value.value if value is not None else "")
        self.sex.setCurrentIndex(max(0, self.sex.findData(patient.sex.value if patient.sex else None)))
        self.age.setText(f"{patient.age_years.value:g}" if patient.age_years else "")
        self.confirm.setFocus()

    def ask_age(self) -> None:
        """Go to the age."""
        self.age.setFocus()
        self.age.selectAll()

    def ask_identity(self) -> None:
        """Go to the first empty identifier where two are needed, else to the name, to type over it."""
        empty = [field for field in self.fields.values() if not field.text().strip()]
        field = empty[0] if len(self._given()) < 2 else self.fields["name"]
        field.setFocus()
        field.selectAll()

    @Slot()
    def submit(self) -> None:
        """Check the form and hand it over."""
        wrong = self._find_wrong()
        for field in (*self.fields.values(), self.age):
            set_role(field, wrong=wrong is not None and field is wrong[0])
        self._wrong.setVisible(wrong is not None)
        if wrong is not None:
            self._wrong.setText(wrong[1])
            wrong[0].setFocus()
            return
        self._fill_age()
        typed = self._typed()
        if not self._is_meant(typed):
            return
        given = [name for name in IDENTIFIERS if getattr(typed, name) or getattr(self._header, name)]
        self.confirmed.emit(typed, tuple(given))

    def _is_meant(self, typed: Patient) -> bool:
        """Return whether nothing stands against it, or it is confirmed although it was told what does."""
        if self._doubted == self._standing():
            return 1000 * (self.now() - self._doubted_at) > QApplication.doubleClickInterval()
        said = self.id_holders(merge(self._header, typed))
        if typed != self._given_before:
            said = (*self._left_out(typed), *self._unlikely(typed), *said)
            if typed.age_years is not None:
                said = (*map(words.header_ages, self._ages_of_header()), *said)
            if identity_differs(self._header, typed):
                said = (words.header_identity(self._header), *said)
        self._show_doubts(said)
        return not said

    def _left_out(self, typed: Patient) -> tuple[str, ...]:
        """Return in a sentence that nobody gives the age: without it least can be said."""
        whole = merge(self._header, typed, day=self._day)
        if whole.age_years is not None:
            return ()
        return (
            self.tr("The age is not given: models and ranges that depend on it do not answer.")
            if whole.sex is not None
            else self.tr("Sex and age are not given: models and ranges that depend on them do not answer."),
        )

    def _unlikely(self, typed: Patient) -> tuple[str, ...]:
        """Return in sentences what was hardly meant so: digits for a name, an age that few reach."""
        said = []
        if typed.name is not None and not any(letter.isalpha() for letter in typed.name.value):
            said.append(self.tr("The name has no letter."))
        age = typed.age_years
        if age is not None and age.value > FEW_ARE_OLDER_YEARS:
            said.append(self.tr("Hardly anybody is {age} years old.").format(age=f"{age.value:g}"))
        return tuple(said)

    def _show_doubts(self, said: tuple[str, ...]) -> None:
        """Say what stands against it; a second Enter is no second thought, so the button is gone to."""
        self._doubted = self._standing() if said else None
        self.doubt.setText(" ".join((*said, self.tr("Is what you typed right?"))) if said else "")
        self.doubt.setVisible(bool(said))
        self.confirm.set_words(self.tr("Use what I typed") if said else self.tr("Confirm who it is"))
        if said:
            self._doubted_at = self.now()
            self.confirm.setFocus()

    def _typed(self) -> Patient:
        values: dict[str, Sourced[str]] = {}
        for name, field in self.fields.items():
            said = getattr(self._header, name)
            text = self._born() if name == "birth_date" else field.text().strip()
            if text and (said is None or said.value.replace("^", " ").strip() != text):
                values[name] = Sourced(value=text, source="typed")
        sex: Sex | None = self.sex.currentData()
        if sex is not None and (self._header.sex is None or self._header.sex.value != sex):
            given_sex: Sourced[Sex] | None = Sourced(value=sex, source="typed")
        else:
            given_sex = None
        years, said_age = self._years(), self._header.age_years
        age = None
        if years is not None and (said_age is None or said_age.value != years or self._ages_of_header()):
            age = Sourced(value=years, source="typed")
        return Patient(
            name=values.get("name"), id=values.get("id"), birth_date=values.get("birth_date"),
            sex=given_sex, age_years=age,
        )  # fmt: skip

    def _find_wrong(self) -> tuple[QLineEdit, str] | None:
        wrong_day = self._wrong_birth_date(self.fields["birth_date"].text().strip())
        if wrong_day:
            return self.fields["birth_date"], wrong_day
        if self.age.text().strip() and self._years() is None:
            return self.age, self.tr("Write the age in years, from 0 to 130: 3 or 0.5.")
        if self._ages_disagree():
            return self.age, self.tr("Birth date and age disagree. Correct one, or leave the age empty.")
        given = [name for name, field in self.fields.items() if field.text().strip()]
        if len(given) < 2 and not (self._years() is not None and not given):
            return self.fields["id" if "name" in given else "name"], self.tr(
                "Two of name, ID and birth date are needed."
            )
        return None

    def _wrong_birth_date(self, born: str) -> str:
        """Return what is wrong with a birth date, or the empty text."""
        try:
            if born and is_in_the_future(date.fromisoformat(born).isoformat()):
                return self.tr("This birth date lies in the future.")
        except ValueError:
            if _DAY.fullmatch(born):
                return self.tr("There is no such day as {day}.").format(day=born)
            return self.tr("Write the birth date as year-month-day: 2023-04-09.")
        return ""

    def _ages_disagree(self) -> bool:
        """Compare what a person typed; where the header says both, they are shown as the header has them.

        An age that stands against a birth date of a header that contradicts itself is asked about instead.
        """
        typed, years = self._typed(), self._years()
        born = self._born()
        if not born or years is None or not (typed.birth_date or typed.age_years):
            return False
        if typed.birth_date is None and self._ages_of_header():
            return False
        return age_disagrees(born, years, day=self._day)

    def _ages_of_header(self) -> tuple[Contradiction, ...]:
        """Return how the header contradicts itself in the age: what is confirmed then, a person decides."""
        return tuple(one for one in self._header.contradictions if one.field == "age_years")

    def _fill_age(self) -> None:
        """Show the age that the birth date makes, where the image does not say when it was taken."""
        born = self._born()
        if born and not self.age.text().strip() and self._day is None:
            years = age_now(born)
            self.age.setText("" if years is None else f"{years:.1f}")

    def _born(self) -> str:
        return day_typed(self.fields["birth_date"].text())

    def _years(self) -> float | None:
        try:
            years = float(self.age.text().strip().replace(",", "."))
        except ValueError:
            return None
        return years if 0 <= years <= OLDEST_YEARS else None

    def _source(self, typed: object, header: object) -> str:
        if typed is not None:
            return self.tr("typed here")
        return self.tr("from the image's header") if header is not None else ""

    @Slot()
    def _on_typed(self) -> None:
        if not self._filling:
            standing = self._standing()
            if self._doubted not in (None, standing):
                self._show_doubts(())
            self.undo_typed.setVisible(standing != self._known)
            self.jotted.emit(standing if standing != self._known else None)

    @Slot()
    def _on_undo_typed(self) -> None:
        self.window().setFocus()  # the button goes, and the next one would be an answer's
        self.show_patient(self._header, self._given_before, day=self._day, image=self._image)
        self.jotted.emit(None)

    def _standing(self) -> IdentityJotting:
        """Return what stands in the form."""
        texts = {name: field.text() for name, field in self.fields.items()}
        return IdentityJotting(**texts, sex=self.sex.currentData() or "", age=self.age.text())

    @Slot()
    def _on_returned(self) -> None:
        """Go to the next empty field at Enter: what is left out is left out by going past it."""
        order: list[QWidget] = [*self.fields.values(), self.sex, self.age]
        place = order.index(self.sender())  # type: ignore[arg-type]
        following = [field for field in order[place + 1 :] if not _text_of(field)]
        if following:
            following[0].setFocus()
        else:
            self.submit()

    def _given(self) -> list[str]:
        return [name for name, field in self.fields.items() if field.text().strip()]


def _text_of(field: QWidget) -> str:
    """Return what stands in a field, "" where nothing does."""
    if isinstance(field, QLineEdit):
        return field.text().strip()
    return field.currentData() or "" if isinstance(field, AskedComboBox) else ""
