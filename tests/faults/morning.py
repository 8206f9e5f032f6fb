"""A scripted morning at one computer: the real program's services, act after act, telling what was kept.

Before an act the script says what is about to be, after it what is on the disk (``os.writev`` to a pipe, so
that counting the program's writes does not count these). Whoever kills it knows then what must be there. An
act that was cut short can be done again.

As a program it is the stem from which mornings are forked: the heavy imports are paid for once. Each morning
is a process of its own that opens the profile as any start does.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.decision import Decision, FinalRead, FirstRead
from core.errors import AlreadySignedError, FarlightError, WrongPasswordError
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services import report
from services.access import Access
from services.analyze import Analysis
from services.before_signing import about_of, wants_final_read
from services.drafts import Draft, Jotting, OpenPlace, key_of
from services.printing import PrintJob, print_pdf
from services.record_json import to_plain
from services.scan import scan
from services.sign import SignedFile
from services.staff import NewPerson
from services.workplace import Workplace
from store.signed import SignedStore
from tests.opening import ADMINISTRATOR, CHEAP, PASSWORD
from tests.ui.stage import StandInAnalyzer, write_chest

STUDIES = 3
PIN = "2580"
CLINICIAN = "Sr. N. Otieno"
ASSISTANT = "K. Mwangi"
_BEGAN = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
_PR_SET_PTRACER = 0x59616D61
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody does, and who."""

    name: str
    who: str
    study: int = 0
    round: int = 0
    words: str = ""


def acts_of(number: int) -> tuple[Act, ...]:
    """Return the acts of one round of the morning, in their order."""
    acts: list[Act] = []

    def add(name: str, who: str = CLINICIAN, study: int = 0, words: str = "") -> None:
        acts.append(Act(name=name, who=who, study=study, round=number, words=words))

    add("person", ADMINISTRATOR, words=CLINICIAN)
    add("person", ADMINISTRATOR, words=ASSISTANT)
    add("setting", ADMINISTRATOR, words=f"Health centre {number}")
    add("password", ADMINISTRATOR, words=f"given number {number}")
    add("choose", words=f"cassava number {number}")
    add("sheet", ADMINISTRATOR)
    add("lock")
    for study in range(STUDIES):
        add("identity", ASSISTANT, study)
        add("open", study=study)
        add("impression", study=study)
        add("decide", study=study)
        for words in ("Dark", "Darker on the", f"Darker on the right, {number}."):
            add("type", study=study, words=words)
        add("jot", study=study, words="ask the mother again")
        if study != STUDIES - 1:
            add("sign", study=study)
            add("export", study=study)
    add("print")
    add("addendum", words="Sputum was sent.")
    add("export")
    add("pin", words=PIN)
    return tuple(acts)


def write_studies(folder: Path, rounds: int) -> Path:
    """Write what the mornings open: a folder of studies for each round."""
    for number in range(rounds):
        for study in range(STUDIES):
            write_chest(
                folder / str(number),
                f"{study}.dcm",
                patient=f"SAMPLE^Study{study}",
                number=f"{number}-{study}",
                pixels=np.random.default_rng(100 * number + study)
                .integers(60, 200, (96, 112))
                .astype(np.uint8),
            )
    return folder


class Morning:
    """Does acts on one profile and tells of each through ``tell``."""

    def __init__(self, profile: Path, studies: Path, tell: Callable[[Facts], None]) -> None:
        self._profile, self._studies, self._tell = profile, studies, tell
        self._analyses: dict[str, Analysis] = {}
        self._units: dict[int, list[ReadingUnit]] = {}
        self.analyzer: Any = StandInAnalyzer()
        self._access: Access | None = None
        self._password = PASSWORD
        self.workplace: Workplace | None = None

    def start(self) -> None:
        """Open the profile as its administrator; set it up where it is new."""
        if self._access is None:
            self._access = Access(self._profile, cost=CHEAP)
        if self.workplace is None and self._access.is_new:
            first = NewPerson(name=ADMINISTRATOR, duty="administrator")
            self.workplace = self._access.set_up(first, PASSWORD).workplace
        elif self.workplace is None:
            self.workplace = self._access.log_in(self._access.holders()[0].holder_id, PASSWORD)
        if not self.workplace.staff.sheet_kept:
            self.workplace.staff.confirm_sheet()

    def prepare(self, act: Act) -> None:
        """Do what an act needs and keeps nothing, apart from who is logged in."""
        if act.name not in {"person", "setting", "password", "choose", "sheet", "lock"}:
            unit = self._unit(act)
            if act.name in {"decide", "sign"}:
                self._analysis(unit, act)
        if act.name != "lock":
            self._be(act)

    def do(self, act: Act) -> Facts:
        """Do one act; returns what is kept by it."""
        return getattr(self, f"_do_{act.name}")(act)  # type: ignore[no-any-return]

    def end(self) -> None:
        """Close the profile."""
        if self.workplace is not None:
            self.workplace.close()

    @property
    def _open(self) -> Workplace:
        assert self.workplace is not None
        return self.workplace

    def _be(self, act: Act) -> None:
        """Have the person of an act at the computer."""
        workplace = self._open
        person = workplace.session.person
        if person is not None and person.name == act.who:
            return
        holder = next((one for one in workplace.holders() if one.name == act.who), None)
        assert holder is not None, f"{act.who} cannot log in"
        own = [f"cassava number {act.round}", f"given number {act.round}"]
        for password in own if act.who == CLINICIAN else [PASSWORD]:
            try:
                workplace.switch(holder.holder_id, password)
            except WrongPasswordError:
                continue
            self._password = password
            return
        raise AssertionError(f"no password of {act.who} opens the store")

    def _unit(self, act: Act) -> ReadingUnit:
        units = self._units.get(act.round)
        if units is None:
            found = scan([str(self._studies / str(act.round))])
            units = sorted((one for one in found if isinstance(one, ReadingUnit)), key=lambda one: one.path)
            self._units[act.round] = units
        return units[act.study]

    def _analysis(self, unit: ReadingUnit, act: Act) -> Analysis:
        key = key_of(unit)
        if key not in self._analyses:
            self._analyses[key] = self.analyzer.analyze(unit, patient=self._typed(act))
        return self._analyses[key]

    def _typed(self, act: Act) -> Patient:
        return Patient(age_years=Sourced(value=float(1 + act.study), source="typed"))

    def _draft(self, unit: ReadingUnit) -> Draft:
        return self._open.drafts.find(key_of(unit)) or Draft(key=key_of(unit), path=unit.path)

    def _keep(self, unit: ReadingUnit, act: Act, **change: object) -> Facts:
        """Keep a draft, unless the report is signed by now (an act done again after a crash)."""
        if self._open.signing.find_signed(unit) is not None:
            return {}
        made = replace(self._draft(unit), **change)  # type: ignore[arg-type]
        facts = {"draft": [made.key, draft_sha256(made)]}
        self._tell({"about": facts})
        self._open.drafts.keep(made)
        return facts

    def _at(self, act: Act) -> datetime:
        return _BEGAN + timedelta(days=act.round, minutes=act.study)

    def _do_person(self, act: Act) -> Facts:
        workplace = self._open
        known = next((one for one in workplace.staff.all() if one.name == act.words and one.holder_id), None)
        if known is None:
            new = NewPerson(name=act.words, duty="assistant")
            if act.words == CLINICIAN:
                new = NewPerson(name=act.words, duty="clinician", role="clinical officer", pin=PIN)
            known = workplace.staff.add(new, PASSWORD)
        return {"person": [known.person_id, known.name, known.duty]}

    def _do_setting(self, act: Act) -> Facts:
        self._tell({"about": {"setting": ["site.name", act.words]}})
        self._open.settings.set("site.name", act.words)
        return {"setting": ["site.name", act.words]}

    def _do_password(self, act: Act) -> Facts:
        person = next(one for one in self._open.staff.all() if one.name == CLINICIAN)
        facts = {"password": [CLINICIAN, act.words]}
        self._tell({"about": facts})
        self._open.staff.give_password(person.person_id, act.words)
        return facts

    def _do_choose(self, act: Act) -> Facts:
        facts = {"password": [CLINICIAN, act.words]}
        self._tell({"about": facts})
        self._open.staff.change_own_password(self._password, act.words)
        self._password = act.words
        return facts

    def _do_sheet(self, act: Act) -> Facts:
        self._tell({"about": {"sheet": ""}})
        code = self._open.staff.new_sheet()
        self._open.staff.confirm_sheet()
        return {"sheet": code}

    def _do_lock(self, act: Act) -> Facts:
        self._open.lock()
        return {}

    def _do_open(self, act: Act) -> Facts:
        self._open.drafts.keep_place(OpenPlace(paths=(str(self._studies),), current=key_of(self._unit(act))))
        return {}

    def _do_identity(self, act: Act) -> Facts:
        return self._keep(self._unit(act), act, typed=self._typed(act), confirmed=("name", "id"))

    def _do_impression(self, act: Act) -> Facts:
        unit = self._unit(act)
        first = FirstRead(impression="abnormal", at=self._at(act))
        return self._keep(unit, act, reading=replace(self._draft(unit).reading, first_read=first))

    def _do_decide(self, act: Act) -> Facts:
        unit = self._unit(act)
        decisions = tuple(
            Decision(
                pack_id=entry.stamp.pack_id, finding=finding.code, answer="agree", at=self._at(act),
                about=about_of(entry, finding),
            )
            for entry in self._analysis(unit, act).result.results
            for finding in entry.findings
        )  # fmt: skip
        final = None
        if wants_final_read(self._analysis(unit, act)):
            final = FinalRead(impression="abnormal", at=self._at(act))
        before = self._draft(unit).reading
        return self._keep(unit, act, reading=replace(before, decisions=decisions, final_read=final))

    def _do_type(self, act: Act) -> Facts:
        unit = self._unit(act)
        return self._keep(unit, act, reading=replace(self._draft(unit).reading, conclusion=act.words))

    def _do_jot(self, act: Act) -> Facts:
        jotting = Jotting(pack_id="chest-pneumonia-child", finding="pneumonia", note=act.words)
        return self._keep(self._unit(act), act, jottings=(jotting,))

    def _do_sign(self, act: Act) -> Facts:
        unit = self._unit(act)
        self._tell({"about": {"signs": key_of(unit)}})
        person = next(one for one in self._open.signing.people() if one.name == CLINICIAN)
        analysis = self._analysis(unit, act)
        try:
            signed = self._open.signing.sign(
                unit, analysis, self._draft(unit), person_id=person.person_id, pin=PIN,
                facts=self.analyzer.facts_for(analysis.result), site=self._open.settings.text("site.name"),
            )  # fmt: skip
        except AlreadySignedError:
            found = self._open.signing.find_signed(unit)
            assert found is not None
            signed = found
        return {"signed": signed_facts(self._open, key_of(unit), signed)}

    def _signed(self, act: Act) -> SignedFile:
        signed = self._open.signing.find_signed(self._unit(act))
        assert signed is not None
        return signed

    def _do_addendum(self, act: Act) -> Facts:
        signed = self._signed(act)
        person = next(one for one in self._open.signing.people() if one.name == CLINICIAN)
        if not any(one.text == act.words for one in self._open.signing.addenda(signed.report_id)):
            self._open.signing.add_addendum(signed.report_id, act.words, person_id=person.person_id, pin=PIN)
        return {"addendum": [signed.report_id, act.words]}

    def _do_print(self, act: Act) -> Facts:
        signed = self._signed(act)
        paper, pdf = self._open.papers.issue_paper(signed.report_id, "print", "A4")
        try:
            print_pdf(pdf, PrintJob(paper="A4"))
        except FarlightError:
            self._open.papers.withdraw_paper(paper.paper_id)
            raise
        return {"paper": [signed.report_id, paper.number, "print"]}

    def _do_export(self, act: Act) -> Facts:
        signed = self._signed(act)
        paper, pdf = self._open.papers.issue_paper(signed.report_id, "export", "A4")
        file = self._profile.parent / "stick" / f"{self._profile.name}-{signed.report_id}-{paper.number}.pdf"
        try:
            report.export(pdf, file)
        except FarlightError:
            self._open.papers.withdraw_paper(paper.paper_id)
            raise
        facts: Facts = {"paper": [signed.report_id, paper.number, "export"]}
        return {**facts, "export": [str(file), hashlib.sha256(pdf).hexdigest()]}

    def _do_pin(self, act: Act) -> Facts:
        self._open.staff.change_own_pin(act.words, password=self._password)
        return {}


def draft_sha256(draft: Draft) -> str:
    """Return what a draft says, whenever it was kept."""
    plain = to_plain(replace(draft, updated_at=None))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def signed_facts(workplace: Workplace, key: str, signed: SignedFile) -> Facts:
    """Return all that must never change of a signed report, as hashes."""
    content = SignedStore(workplace._database).content(signed.report_id)
    assert content is not None
    return {
        "report_id": signed.report_id,
        "key": key,
        "pdf": hashlib.sha256(signed.pdf).hexdigest(),
        "content": hashlib.sha256(content).hexdigest(),
        "result": hashlib.sha256(signed.result.encode()).hexdigest(),
        "record": hashlib.sha256(json.dumps(to_plain(signed.record), sort_keys=True).encode()).hexdigest(),
        "patient": json.dumps(to_plain(signed.patient), sort_keys=True),
    }


def run_morning(order: Mapping[str, Any], told: int) -> int:
    """Do the ordered acts and tell of them; returns the exit status.

    ``first`` and ``last`` number acts through all rounds. With ``stop_before`` the process stops itself (for
    whoever traces it) before an act. With ``again``, an act that failed is told and tried once more.
    """

    def tell(facts: Facts) -> None:
        os.writev(told, [json.dumps(facts).encode() + b"\n"])

    morning = Morning(Path(order["profile"]), Path(order["studies"]), tell)
    if order.get("real"):
        from services.analyze import AnalysisOptions, Analyzer

        options = AnalysisOptions(packs=("chest-lungs", "chest-pneumonia-child"), use_gates=False)
        morning.analyzer = Analyzer(options)
    length = len(acts_of(0))
    attempt = partial(_attempt, tell, again=bool(order.get("again")))
    try:
        if order.get("stop_at_start"):
            _stop()
        attempt("start", morning.start)
        tell({"started": True})
        for number in range(order["first"], order["last"]):
            act = acts_of(number // length)[number % length]
            attempt("prepare", partial(morning.prepare, act))
            tell({"act": number, "name": act.name})
            if number == order.get("stop_before"):
                _stop()
            tell({"kept": number, "facts": attempt(act.name, partial(morning.do, act))})
        morning.end()
    except FarlightError as error:
        tell({"ended": error.code, "sentence": error.message})
        return 1
    except BaseException:  # noqa: BLE001 - whoever started it is told
        tell({"crash": traceback.format_exc()})
        return 2
    tell({"ended": "", "sentence": ""})
    return 0


def _attempt(tell: Callable[[Facts], None], name: str, work: Callable[[], Any], *, again: bool) -> Any:
    try:
        return work()
    except FarlightError as error:
        if not again:
            raise
        tell({"refused": error.code, "sentence": f"{error.title} {error.hint}", "at": name})
    return work()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def serve(channel: socket.socket) -> None:
    """Fork a morning for each order that comes with the pipe to tell through; answers with its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        text, descriptors, _flags, _address = socket.recv_fds(channel, 65536, 1)
        if not text:
            return
        order, told = json.loads(text), descriptors[0]
        child = os.fork()
        if child == 0:
            channel.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
            os._exit(run_morning(order, told))
        os.close(told)
        channel.send(str(child).encode())


def _warm() -> None:
    """Import what the acts import late."""
    import argon2.low_level  # noqa: F401
    import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401
    import fpdf  # noqa: F401
    import sqlcipher3  # noqa: F401


if __name__ == "__main__":
    if sys.argv[1] == "--stem":
        _warm()
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        sys.exit(run_morning(json.loads(sys.argv[2]), int(sys.argv[1])))
