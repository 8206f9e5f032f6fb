"""What is open: studies in the order they were found, each reading unit with its draft, result and state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.decision import Reading
from core.errors import ChangedFileError, FarlightError
from core.image import ReadingUnit
from core.model_facts import ModelFacts
from core.patient import Patient
from core.result import ModelStamp, Refusal
from services.analyze import Analysis
from services.before_signing import Missing
from services.drafts import Draft
from services.patient import merge, with_age_today
from services.records import Moved
from services.sign import SignedFile
from services.signed_result import Today
from services.standing import standing_of_result
from ui.signer import Signer

State = Literal["waiting", "analysing", "to_check", "refused", "failed", "signed"]
KEPT_PIXELS = 12


@dataclass(slots=True, eq=False)
class Case:
    """One reading unit as the window knows it. ``asked`` counts analyses: an older answer is not taken.

    ``moved`` is whose a signed unit is now, where its report names somebody else. ``today`` is what a signed
    unit's models said when it was looked at again, beside what was signed.
    ``copies`` are further copies of the same image in other files; ``seen`` is the mark of the picture that
    was analysed, by which another copy is known to show the same. ``withheld`` is what the records hold
    against signing it. ``models`` are those that spoke, also where their answer was let go since; ``forms``
    are the models that may be asked for values of the patient.
    """

    unit: ReadingUnit
    key: str
    draft: Draft
    signed: SignedFile | None = None
    moved: Moved | None = None
    analysis: Analysis | None = None
    error: str = ""
    error_code: str = ""
    today: Today = "same"
    copies: list[ReadingUnit] = field(default_factory=list)
    seen: str = ""
    analysing: bool = False
    analysed: bool = False
    refusal: Refusal | None = None
    undecided: bool = False
    taught: bool = False
    """Whether a demonstration answered, which counts for nothing."""
    models: tuple[ModelStamp, ...] = ()
    asked: int = 0
    facts: Mapping[str, ModelFacts] = field(default_factory=dict)
    forms: tuple[ModelFacts, ...] = ()
    withheld: tuple[Missing, ...] = ()
    thumbnail: QImage | None = None
    thumbnail_asked: bool = False

    @property
    def patient(self) -> Patient:
        """The patient: what was typed wins over the header."""
        known = merge(self.unit.patient, self.draft.typed, day=self.unit.header.date)
        return with_age_today(known) if self.unit.kind == "table" else known

    @property
    def whose(self) -> Patient:
        """Whose the study is now: another patient's, where it was moved after it was signed."""
        return self.moved.owner if self.moved is not None else self.patient

    @property
    def exchanged(self) -> bool:
        """Whether the files are no longer those that were listed."""
        return bool(self.error) and self.error_code == ChangedFileError.code

    @property
    def begun(self) -> bool:
        """Whether somebody has said or typed something of this picture."""
        draft = self.draft
        typed = (
            draft.jottings, draft.signs_jotting, draft.identity_jotting, draft.confirmed, draft.typed.further
        )  # fmt: skip
        return self.signed is not None or draft.reading != Reading() or any(typed)

    @property
    def state(self) -> State:
        """Where the reading stands."""
        if self.signed is not None:
            return "signed"
        if self.analysing:
            return "analysing"
        if self.error:
            return "failed"
        if self.refusal is not None:
            return "refused"
        return "to_check" if self.analysed else "waiting"


@dataclass(slots=True, eq=False)
class Study:
    """Reading units of one study of one patient, or a single picture that names none."""

    key: str
    cases: list[Case] = field(default_factory=list)

    @property
    def lead(self) -> Case:
        """The unit that stands for the study: the first that is not signed."""
        return next((case for case in self.cases if case.signed is None), self.cases[0])

    @property
    def state(self) -> State:
        """The state that asks most of the reader."""
        order: tuple[State, ...] = ("refused", "failed", "to_check", "analysing", "waiting", "signed")
        states = {case.state for case in self.cases}
        return next(state for state in order if state in states)


def _study_key(case: Case) -> str:
    """Return what the units of one row share; careless exports give one study UID to several patients."""
    study_uid, patient = case.unit.header.study_uid, case.unit.patient
    if study_uid is None:
        return case.key
    whose = (value.value if value else "" for value in (patient.id, patient.name, patient.birth_date))
    return "\n".join((study_uid, *(" ".join(value.casefold().split()) for value in whose)))


class CaseBook(QObject):
    """All that is open, in memory only.

    ``shown`` tells in which order the list shows it, ``signer`` who would sign it.
    """

    studies_adding = Signal(int, int)  # first and last row
    studies_added = Signal(int, int)
    case_changed = Signal(str)
    states_changed = Signal()  # of all cases, for what is none of theirs: who could sign them is another
    thumbnail_wanted = Signal(str)
    found_again = Signal(str)
    copy_found = Signal(str)
    copy_taken = Signal(str)
    cleared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.studies: list[Study] = []
        self.shown: Callable[[], Sequence[Study]] = lambda: self.studies
        self._rows: dict[str, int] = {}
        self._cases: dict[str, Case] = {}
        self._study_of: dict[str, Study] = {}
        self._with_pixels: list[str] = []
        self.open_key: str | None = None
        self.signer: Callable[[], Signer] = lambda: "self"

    def __len__(self) -> int:
        return len(self._cases)

    def add(self, cases: Sequence[Case]) -> int:
        """Add reading units and return how many are new; those listed already may be read again."""
        studies: dict[str, Study] = {}
        fresh = 0
        for case in cases:
            listed = self._cases.get(case.key)
            if listed is not None:
                self._find_again(listed, case)
                continue
            fresh += 1
            self._cases[case.key] = case
            group = _study_key(case)
            row = self._rows.get(group)
            study = self.studies[row] if row is not None else studies.setdefault(group, Study(key=group))
            study.cases.append(case)
            self._study_of[case.key] = study
            if row is not None:
                self.case_changed.emit(case.key)
        self._list(list(studies.values()))
        return fresh

    def _list(self, studies: list[Study]) -> None:
        if not studies:
            return
        first, last = len(self.studies), len(self.studies) + len(studies) - 1
        self.studies_adding.emit(first, last)
        for row, study in enumerate(studies, first):
            self._rows[study.key] = row
            self.studies.append(study)
        self.studies_added.emit(first, last)

    def _find_again(self, case: Case, found: Case) -> None:
        """Forget that a unit could not be read: its stick was plugged in again, maybe elsewhere.

        Where its files are there too, this is a copy of it: nothing is forgotten, but the copy may be better.
        Files that are new in the place of what somebody saw are taken once they show the same picture.
        """
        unit = found.unit
        if _files_of(unit) != _files_of(case.unit):
            there = unit.files != case.unit.files and all(file.exists() for file in case.unit.files)
            if there or case.seen or case.begun:
                self._add_copy(case, unit)
                return
            self.take_copy(case, unit)
        case.error = ""
        case.thumbnail_asked = case.thumbnail is not None
        self.case_changed.emit(case.key)
        self.found_again.emit(case.key)

    def _add_copy(self, case: Case, unit: ReadingUnit) -> None:
        if _files_of(unit) not in [_files_of(copy) for copy in (case.unit, *case.copies)]:
            case.copies.append(unit)
        self.copy_found.emit(case.key)

    def take_copy(self, case: Case, unit: ReadingUnit) -> None:
        """Read another copy of the same image from now on."""
        case.copies = [copy for copy in (case.unit, *case.copies) if copy.files != unit.files]
        case.unit = unit
        case.error = ""
        case.analysis = None
        if case.thumbnail is None:
            case.thumbnail_asked = True
            self.thumbnail_wanted.emit(case.key)
        self.case_changed.emit(case.key)
        self.copy_taken.emit(case.key)

    def fail(self, case: Case, error: FarlightError) -> None:
        """Keep why the images of a unit cannot be read now."""
        case.error, case.error_code = error.message, error.code
        self.case_changed.emit(case.key)

    def clear(self) -> None:
        """Forget everything that is listed."""
        self.studies.clear()
        self._rows.clear()
        self._cases.clear()
        self._study_of.clear()
        self._with_pixels.clear()
        self.cleared.emit()

    def find(self, key: str) -> Case | None:
        """Return the reading unit of that key, or None."""
        return self._cases.get(key)

    def study_of(self, key: str) -> Study:
        """Return the study that a reading unit belongs to."""
        return self._study_of[key]

    def row_of(self, key: str) -> int:
        """Return the row of the study that a reading unit belongs to."""
        return self._rows[self._study_of[key].key]

    def cases(self) -> list[Case]:
        """Return every reading unit in the order in which the studies were found."""
        return [case for study in self.studies for case in study.cases]

    def next_unsigned(self, after: str | None) -> Case | None:
        """Return the next reading unit to read as the list shows them, going round once from ``after``."""
        order = self._cases_shown()
        start = next((number + 1 for number, case in enumerate(order) if case.key == after), 0)
        for case in order[start:] + order[:start]:
            if case.signed is None and case.key != after and case.state != "failed":
                return case
        return None

    def neighbour(self, key: str, step: int) -> Case | None:
        """Return the reading unit before or after another as the list shows them.

        From one that the list does not show, the first or the last that it shows.
        """
        order = self._cases_shown()
        outside = -1 if step > 0 else len(order)
        place = next((number for number, case in enumerate(order) if case.key == key), outside)
        return order[place + step] if 0 <= place + step < len(order) else None

    def _cases_shown(self) -> list[Case]:
        return [case for study in self.shown() for case in study.cases]

    def set_analysis(self, case: Case, analysis: Analysis) -> None:
        """Keep a result; the pixels of older results are let go, but for the open case."""
        case.analysis = analysis
        case.analysed = True
        case.models = tuple(one.stamp for one in analysis.result.results)
        counted = [one for one in analysis.result.results if one.stamp.pack_class != "demonstration"]
        refused = [
            one.refusal for one in counted if one.refusal and one.status == "refused" and not one.reads_values
        ]
        spoke = [one for one in counted if one.status == "ok"]
        case.refusal = refused[0] if standing_of_result(analysis.result) == "refused" else None
        scores = {finding.position for pack in spoke for finding in pack.findings}
        counts = {number.position for pack in spoke for number in pack.measurements}
        case.undecided = "undecided" in scores | counts
        case.taught = any(one.status == "ok" for one in analysis.result.results if one not in counted)
        self._with_pixels = [key for key in self._with_pixels if key != case.key] + [case.key]
        for key in self._with_pixels[:-KEPT_PIXELS]:
            old = self._cases.get(key)
            if old is not None and key != self.open_key:
                old.analysis = None
        self._with_pixels = [key for key in self._with_pixels if self._cases[key].analysis is not None]

    def forget_analysis(self, case: Case) -> None:
        """Count an image as one that no model has looked at yet."""
        case.analysis, case.models = None, ()
        case.analysed = case.undecided = case.taught = False
        case.refusal = None
        self.touch(case)

    def touch(self, case: Case) -> None:
        """Tell that a reading unit has changed."""
        self.case_changed.emit(case.key)


def _files_of(unit: ReadingUnit) -> object:
    """Return which files a unit has, and what they were when it was listed."""
    return unit.files, unit.file_states, unit.file_marks
