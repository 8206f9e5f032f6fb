"""Opens a profile after something went wrong, as the next start does, and holds it against what was told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.errors import WrongPasswordError
from services.workplace import Workplace
from store.keyring import KeyRing
from store.signed import SignedStore
from tests.faults.morning import draft_sha256
from tests.opening import open_workplace

Facts = dict[str, Any]
_LEFTOVERS = ("*.new", "*.new-*", "*.plain")


@dataclass(slots=True)
class Ledger:
    """What mornings on one profile said is kept; ``maybe`` is what was under way when the last one ended."""

    drafts: dict[str, str] = field(default_factory=dict)
    signed: dict[int, Facts] = field(default_factory=dict)
    addenda: list[tuple[int, str]] = field(default_factory=list)
    papers: list[tuple[int, int, str]] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)
    people: list[tuple[int, str, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    sheet: str = ""
    maybe: Facts = field(default_factory=dict)
    next_act: int = 0
    crashes: list[str] = field(default_factory=list)
    refused: list[Facts] = field(default_factory=list)

    def take(self, lines: list[Facts]) -> None:
        """Take down what one morning told."""
        self.maybe = {}
        for line in lines:
            if "act" in line:
                self.maybe = {}
            elif "about" in line:
                self.maybe.update(line["about"])
            elif "kept" in line:
                self.maybe = {}
                self.next_act = line["kept"] + 1
                self._take(line["facts"])
            elif "crash" in line:
                self.crashes.append(line["crash"])
            elif line.get("sentence"):
                self.refused.append(line)

    def _take(self, facts: Facts) -> None:
        if "draft" in facts:
            self.drafts[facts["draft"][0]] = facts["draft"][1]
        if "signed" in facts:
            self.signed[facts["signed"]["report_id"]] = facts["signed"]
            self.drafts.pop(facts["signed"]["key"], None)
        if "addendum" in facts:
            self.addenda.append(tuple(facts["addendum"]))
        if "paper" in facts:
            self.papers.append(tuple(facts["paper"]))
        if "export" in facts:
            self.exports[facts["export"][0]] = facts["export"][1]
        if "person" in facts:
            self.people.append(tuple(facts["person"]))
        if "setting" in facts:
            self.settings[facts["setting"][0]] = facts["setting"][1]
        if "password" in facts:
            self.passwords[facts["password"][0]] = facts["password"][1]
        self.sheet = facts.get("sheet", self.sheet)


def check(profile: Path, ledger: Ledger) -> None:
    """Open the profile and hold it against the ledger; what was under way may have come about, whole."""
    assert ledger.crashes == [], "\n".join(ledger.crashes)
    with open_workplace(profile) as workplace:
        _check_signed(workplace, ledger)
        _check_drafts(workplace, ledger)
        _check_rest(workplace, ledger)
        _check_whole(workplace)
    left = [file.name for pattern in _LEFTOVERS for file in profile.glob(pattern)]
    assert left == [], "something half is left"
    _check_keys(profile, ledger)
    ledger.maybe = {}


def _check_signed(workplace: Workplace, ledger: Ledger) -> None:
    with workplace._database.transaction() as connection:
        rows = connection.execute("SELECT * FROM signed_reports").fetchall()
    found = {int(row["report_id"]): row for row in rows}
    assert set(ledger.signed) <= set(found), "a signed report is lost"
    for number, row in found.items():
        content = SignedStore(workplace._database).content(number)
        assert content is not None, "a signed report without what it says"
        record = json.loads(row["record"])
        facts = {
            "report_id": number,
            "key": row["unit_key"],
            "pdf": hashlib.sha256(row["pdf"]).hexdigest(),
            "content": hashlib.sha256(content).hexdigest(),
            "result": hashlib.sha256(row["result"].encode()).hexdigest(),
            "record": hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest(),
            "patient": json.dumps(json.loads(row["patient"]), sort_keys=True),
        }
        assert (record["report_sha256"], record["content_sha256"], record["result_sha256"]) == (
            facts["pdf"],
            facts["content"],
            facts["result"],
        )
        if number in ledger.signed:
            assert facts == ledger.signed[number], "a signed report was altered"
        else:
            assert ledger.maybe.get("signs") == row["unit_key"], "a report that nobody signed"
            ledger._take({"signed": facts})
        assert workplace.drafts.find(row["unit_key"]) is None, "a draft of a signed report"


def _check_drafts(workplace: Workplace, ledger: Ledger) -> None:
    found = {draft.key: draft_sha256(draft) for draft in workplace.drafts.all()}
    under_way = ledger.maybe.get("draft")
    if under_way and found.get(under_way[0]) == under_way[1]:
        ledger.drafts[under_way[0]] = under_way[1]
    assert found == ledger.drafts, "a draft is lost, or older than what was kept"


def _check_rest(workplace: Workplace, ledger: Ledger) -> None:
    for report_id, words in ledger.addenda:
        kept = [one.text for one in workplace.signing.addenda(report_id)]
        assert kept == [words], "an addendum is lost"
    for number in ledger.signed:
        of_report = workplace.papers.papers(number)
        numbers = [one.number for one in of_report]
        assert numbers == list(range(1, len(numbers) + 1))
        assert sum(one.made and not one.is_copy for one in of_report) <= 1, "two originals"
        known = {(one.report_id, one.number, one.how) for one in of_report}
        assert {one for one in ledger.papers if one[0] == number} <= known, "a paper is not recorded"
    people = {(one.person_id, one.name, one.duty) for one in workplace.staff.all()}
    assert set(ledger.people) <= people
    for key, value in ledger.settings.items():
        assert workplace.settings.text(key) in {value, ledger.maybe.get("setting", [key, value])[1]}
        ledger.settings[key] = workplace.settings.text(key)
    for path, digest in ledger.exports.items():
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest


def _check_whole(workplace: Workplace) -> None:
    assert workplace.trail_trouble == ()
    assert tuple(workplace.trail.check()) == ()
    lines = [line.subject for line in workplace.trail.lines() if line.act == "sign"]
    reports = [f"report:{number}" for number in _numbers(workplace)]
    assert sorted(lines) == sorted(reports), "a signature and its line are not kept together"
    with workplace._database.transaction() as connection:
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _numbers(workplace: Workplace) -> list[int]:
    with workplace._database.transaction() as connection:
        return [int(row[0]) for row in connection.execute("SELECT report_id FROM signed_reports")]


def _check_keys(profile: Path, ledger: Ledger) -> None:
    """The way in: the last password (or the one being given), and the latest sheet."""
    ring = KeyRing(profile / "keys.json", SystemClock())
    for name, password in ledger.passwords.items():
        (holder,) = (one for one in ring.holders() if one.name == name)
        given = ledger.maybe.get("password", [name, password])[1]
        ledger.passwords[name] = next(one for one in (password, given) if _opens(ring, holder.holder_id, one))
    if ledger.sheet and "sheet" not in ledger.maybe:
        assert len(ring.unlock_with_sheet(ledger.sheet)) == 32
    elif "sheet" in ledger.maybe:
        ledger.sheet = ""


def _opens(ring: KeyRing, holder_id: str, password: str) -> bool:
    try:
        ring.unlock(holder_id, password)
    except WrongPasswordError:
        return False
    return True
