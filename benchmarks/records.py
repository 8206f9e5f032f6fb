"""What the records cost: drafts, lines of the audit trail and their check, a register, a turn of the key."""

import secrets
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from benchmarks.measuring import Figure, figure, interleaved, repeated, seconds_of
from core.decision import Decision, FirstRead, Reading
from core.patient import Patient
from core.result import ModelStamp, PackResult, Result, Source
from services.access import Access
from services.drafts import Draft
from services.register_people import Line, guess
from services.register_table import read_table
from services.staff import NewPerson
from services.workplace import Workplace
from store.secret_words import COST, SALT_BYTES, Cost, derive

SECTION = "records"
LINES = 100_000
CHESTS = 100
PEOPLE = 5_000
_PASSWORD = "maize and beans"  # noqa: S105  of a profile that lives for a minute
_AT = datetime(2027, 1, 1, tzinfo=UTC)


def measure(rounds: int) -> list[Figure]:
    """Return a line for each act, for the growth and for the check; the profile lies where TMPDIR says."""
    with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
        access = Access(Path(folder), cost=Cost(passes=1, memory_kib=8, lanes=1))
        made = access.set_up(NewPerson(name="Bench", duty="administrator"), _PASSWORD)
        with made.workplace as workplace:
            figures = [*_acts(workplace, rounds), _growth(workplace)]
            _fill(workplace)
            seconds = repeated(workplace.check_trail, rounds=3)
            figures.append(figure(SECTION, f"check of {LINES:,} lines", seconds, unit="s", scale=1.0))
            figures += [*_register(workplace, Path(folder)), _key_turn(workplace)]
    return [*figures, _guess()]


def _guess() -> Figure:
    """Return the processor time of a guess at a password, all lanes together, as the threat model counts."""
    seconds = []
    for _ in range(5):
        before = time.process_time()
        derive(_PASSWORD, bytes(SALT_BYTES), COST)
        seconds.append(time.process_time() - before)
    return figure(SECTION, "one guess at a password, processor time", seconds, unit="s", scale=1.0)


def _acts(workplace: Workplace, rounds: int) -> list[Figure]:
    number = count()

    def keep(reading: Reading) -> None:
        workplace.drafts.keep(Draft(key="unit", path="a.png", reading=reading))

    def draft() -> None:
        keep(Reading(words=f"word {next(number)}"))

    def draft_and_line() -> None:
        keep(Reading(words=f"word {next(number)}", first_read=_first_read(next(number))))

    def line() -> None:
        workplace.trail.note("open", f"unit:{next(number):064}", words="Sample Amina (2041-77)")

    runs = {"draft kept": draft, "draft kept with a line": draft_and_line, "line alone": line}
    times = interleaved(runs, rounds=rounds)
    return [figure(SECTION, name, values) for name, values in times.items()]


def _first_read(number: int) -> FirstRead:
    return FirstRead(impression="abnormal" if number % 4 else "unsure", at=_AT)


def _growth(workplace: Workplace) -> Figure:
    """Return what the trail of a routine chest takes: opened, analysed, read, answered, signed, printed."""
    before = _bytes(workplace)
    result = _result()
    for number in range(CHESTS):
        key = f"{number:064}"
        workplace.reading.open(key, "Sample Amina (2041-77)")
        workplace.reading.analyse(key, result)
        draft = Draft(key=key, path="a.png")
        first = Reading(first_read=FirstRead(impression="abnormal", at=_AT))
        workplace.drafts.keep(replace(draft, reading=first))
        workplace.reading.reveal(key, result)
        workplace.drafts.keep(replace(draft, reading=replace(first, decisions=(_decision(),), words="x")))
        for act in ("sign", "print"):
            workplace.trail.note(
                act,
                f"report:{number}",
                detail={"unit": key, "paper": "A4", "report_sha256": key, "signer": "Bench", "signer_id": 1},
                words="Sample Amina (2041-77)",
            )
        with workplace._database.transaction() as connection:  # as signing does
            connection.execute("DELETE FROM drafts WHERE key = ?", (key,))
    grown = (_bytes(workplace) - before) / CHESTS / 1024
    return figure(SECTION, "trail of a routine chest, on the disk", [grown], unit="KiB", scale=1.0)


def _register(workplace: Workplace, folder: Path) -> list[Figure]:
    """Return how long a camp's register takes: the look at all rows before, and the reading in."""
    file = folder / "camp.csv"
    rows = (f"Sample {number},Amina,S-{number:05},{2000 + number % 25}-03-04" for number in range(PEOPLE))
    file.write_text("\n".join(("family name,given names,id,birth date", *rows)), encoding="utf-8")

    def look() -> None:
        table = read_table(file)
        lines.append(workplace.register.preview(table, guess(table)))

    lines: list[tuple[Line, ...]] = []
    looked = repeated(look, rounds=3)
    read = seconds_of(lambda: workplace.register.read_in(lines[-1], file.name))
    return [
        figure(SECTION, f"register of {PEOPLE:,} rows, look", looked, unit="s", scale=1.0),
        figure(SECTION, f"register of {PEOPLE:,} rows, read in", [read], unit="s", scale=1.0),
    ]


def _key_turn(workplace: Workplace) -> Figure:
    """Return how long it takes to put all records under a new key, for each 100 MB of them."""
    megabytes = _bytes(workplace) / 1e6
    seconds = repeated(lambda: workplace._database.turn_to(secrets.token_bytes(32)), rounds=3)
    per = [one / megabytes * 100 for one in seconds]
    note = f"measured on {megabytes:.0f} MB"
    return figure(SECTION, "new key, for each 100 MB of records", per, unit="s", scale=1.0, note=note)


def _bytes(workplace: Workplace) -> int:
    """Return the size of the database, what still lies in its log included."""
    with workplace._database.transaction() as connection:
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
    return int(pages) * int(size)


def _result() -> Result:
    source = Source(
        path="a.png", files=1, sha256=None, modality="DX", study_uid=None, series_uids=(), frames=1
    )  # fmt: skip
    packs = tuple(
        PackResult(
            stamp=ModelStamp(
                pack_id=name, version="1.1.0", sha256="a" * 64, pack_class="assist", engine="openvino",
                device="CPU", precision="int8",
            ),
            title=name,
            status="ok",
            seconds=0.0,
        )
        for name in ("chest-lungs", "chest-pneumonia-child")
    )  # fmt: skip
    return Result(source=source, patient=Patient(), results=packs)


def _decision() -> Decision:
    return Decision(
        pack_id="chest-pneumonia-child", pack_version="1.1.0", finding="pneumonia", answer="agree", at=_AT,
        about="a" * 64 + " above",
    )  # fmt: skip


def _fill(workplace: Workplace) -> None:
    have = workplace.trail.count()
    for start in range(have, LINES, 1000):
        with workplace.trail.together():
            for number in range(start, min(start + 1000, LINES)):
                workplace.trail.note(
                    "decide",
                    f"unit:{number // 9:064}",
                    detail={"pack": "chest-pneumonia-child", "version": "1.1.0", "sha256": "a" * 64},
                    words="" if number % 9 else f"Sample {number}",
                )
