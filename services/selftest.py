"""Prove every pack in every engine and precision on this computer, against the packs' own golden answers."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import PackChangeError, UntrustedKeyError
from core.result import EngineName, Precision
from core.wording import say
from services.card_figures import int8_other_sides
from services.packs import InstalledPack, chosen_packs
from services.places import program_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.tuning import CPU, Tuner, way_words

if TYPE_CHECKING:
    from inference.choices import Choice
    from inference.packs import PackLibrary
    from inference.verify import VerifyCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """One thing that was proven, or not; engine and precision are None where it concerns the whole pack."""

    pack_id: str
    name: str
    passed: bool
    detail: str
    code: str | None = None
    engine: EngineName | None = None
    precision: Precision | None = None
    device: str = CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a pack gives its maker's known answers here, in a sentence; ``way`` is how it runs here.

    ``partly``: it does as it runs here, while another engine, precision or device does not and is not used.
    ``not_tried``: it would run on a device that was not tried now; on the processor it gives them.
    ``not_used``: it must not be used, as that its maker's key is not trusted any more; it was not run.
    ``row`` is the same in a row below ``engines.verdict.all_trusted``; empty where the sentence says more.
    """

    pack_id: str
    state: Literal["trusted", "partly", "not_tried", "not_trusted", "not_used"]
    sentence: str
    way: str = ""
    measured_ms: float | None = None
    row: str = ""


def run_self_test(
    packs: Sequence[str] | None = None,
    *,
    pack_folders: Sequence[Path] | None = None,
    library: "PackLibrary | None" = None,
    tuner: Tuner | None = None,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> tuple[SelfCheck, ...]:
    """Return every check of the packs (default: all that are installed), by pack.

    ``library`` stands in place of all packs of ``pack_folders``. A pack that must not be used is not run.
    With a ``tuner``, a device on which a pack would run here is tried too.

    Raises:
        UnknownPackError: one is not installed.
        Cancelled: the user stopped it.
    """
    from inference.trial import try_pack
    from inference.verify import verify_pack

    installed = chosen_packs(packs, pack_folders, library=library)
    chosen = [pack for pack in installed if not _is_put_out(pack)]
    checks: list[SelfCheck] = []
    for number, pack in enumerate(chosen):
        stop_if(cancelled)
        progress(Progress(stage="checking", done=number, total=len(chosen), item=pack.id))
        ours = pack.folder.parent in program_packs()
        found = verify_pack(pack.folder) if ours else try_pack(pack.folder, cancelled=cancelled)
        checks.extend(_self_check(pack.id, check) for check in found)
        if tuner is not None and all(check.passed for check in found if check.engine is None):
            checks.extend(_device_checks(pack.folder, tuner, cancelled))
    return tuple(checks)


def _device_checks(folder: Path, tuner: Tuner, cancelled: IsCancelled) -> Iterator[SelfCheck]:
    from inference.packs import load_pack

    pack = load_pack(folder)
    choice = tuner.choice(pack)
    if choice is None or choice.device == CPU:
        return
    why = tuner.prove(pack, choice, cancelled=cancelled)
    way = way_words(choice, tuner.entries())
    yield SelfCheck(
        pack_id=pack.id,
        name=say("inference.verify_golden.name"),
        passed=not why,
        detail=f"{way}: {why}" if why else way,
        engine=choice.engine,
        precision=choice.precision,
        device=choice.device,
    )


def verdicts(
    checks: Sequence[SelfCheck],
    tuner: Tuner | None = None,
    *,
    pack_folders: Sequence[Path] | None = None,
    library: "PackLibrary | None" = None,
) -> tuple[Verdict, ...]:
    """Return for each pack whether it gives its known answers here, or that it is not used, and why."""
    installed = chosen_packs(None, pack_folders, library=library)
    titles = {pack.id: pack.title or pack.id for pack in installed}
    folders = {pack.id: pack.folder for pack in installed}
    put_out = tuple(
        Verdict(
            pack_id=pack.id,
            state="not_used",
            sentence=say("engines.verdict.not_used", pack=titles[pack.id], why=pack.error.message),
        )
        for pack in installed
        if pack.error is not None and _is_put_out(pack)
    )
    checked = (
        _verdict(
            pack_id,
            titles.get(pack_id, pack_id),
            [check for check in checks if check.pack_id == pack_id],
            tuner,
            folders.get(pack_id),
        )
        for pack_id in dict.fromkeys(check.pack_id for check in checks)
    )
    return (*(_with_sides(one, folders.get(one.pack_id)) for one in checked), *put_out)


def _is_put_out(pack: InstalledPack) -> bool:
    """Whether a pack is here and must not be used: trust was taken away, or it came another way."""
    return pack.error is not None and pack.error.code in (UntrustedKeyError.code, PackChangeError.code)


def _with_sides(verdict: Verdict, folder: Path | None) -> Verdict:
    """Say beside a verdict how many images change sides in the smaller model, where the card tells."""
    if folder is None or verdict.state not in ("trusted", "partly", "not_tried"):
        return verdict
    said = [
        say("engines.verdict.sides", percent=percent, label=label)
        for label, percent in int8_other_sides(folder)
    ]
    return replace(verdict, sentence=" ".join((verdict.sentence, *said)), row="" if said else verdict.row)


def try_folder(
    folder: Path, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
) -> tuple[SelfCheck, ...]:
    """Return every check of a pack's folder, made in a process of its own, which a hostile model may end.

    Raises:
        Cancelled: the user stopped it.
    """
    from inference.trial import try_pack

    progress(Progress(stage="trying", item=folder.name))
    return tuple(_self_check(folder.name, check) for check in try_pack(folder, cancelled=cancelled))


def _verdict(
    pack_id: str, title: str, checks: Sequence[SelfCheck], tuner: Tuner | None, folder: Path | None
) -> Verdict:
    failed = [check for check in checks if not check.passed]
    ways = dict.fromkeys(_way_of(check) for check in checks if check.engine)
    bad = {_way_of(check) for check in failed}
    good = [way for way in ways if way not in bad]
    whole = [check for check in failed if check.engine is None]
    values = not whole and folder is not None and _reads_values(folder)
    if whole or folder is None or not (values or any(device == CPU for *_, device in good)):
        why = (whole or failed)[0].detail if failed else ""
        sentence = say("engines.verdict.not_trusted", pack=title, why=why)
        return Verdict(pack_id=pack_id, state="not_trusted", sentence=sentence)
    if values:
        sentence = say("engines.verdict.trusted", pack=title)
        return Verdict(pack_id=pack_id, state="trusted", sentence=sentence, row=title)
    choice, ms, untried = _runs_in(folder, good, bad, tuner)
    entries = () if tuner is None else tuner.entries()
    way = way_words(choice, entries)
    if untried is not None:
        other = way_words(untried, entries)
        sentence = say("engines.verdict.not_tried", pack=title, way=way, other=other)
        return Verdict(pack_id=pack_id, state="not_tried", sentence=sentence, way=way, measured_ms=ms)
    if bad:
        others = ", ".join(_short(one) for one in ways if one in bad)
        sentence = say("engines.verdict.partly", pack=title, way=way, others=others)
        return Verdict(pack_id=pack_id, state="partly", sentence=sentence, way=way, measured_ms=ms)
    measured, number = ("", "") if ms is None else ("_measured", f"{ms:.1f}")
    sentence = " ".join(
        (
            say("engines.verdict.trusted", pack=title),
            say(f"engines.verdict.runs{measured}", way=way, ms=number),
        )
    )
    row = say(f"engines.verdict.row{measured}", pack=title, way=way, ms=number)
    return Verdict(pack_id=pack_id, state="trusted", sentence=sentence, way=way, measured_ms=ms, row=row)


def _reads_values(folder: Path) -> bool:
    """Whether a pack that passed has no network, and so no engine that could differ."""
    from inference.packs import load_pack

    return load_pack(folder).manifest.reads_values


_Way = tuple[EngineName | None, Precision | None, str]


def _way_of(check: SelfCheck) -> _Way:
    return check.engine, check.precision, check.device


def _short(way: _Way) -> str:
    engine, precision, device = way
    return f"{engine} {precision}" if device == CPU else f"{engine} {precision} {device}"


def _runs_in(
    folder: Path, good: Sequence[_Way], bad: Container[_Way], tuner: Tuner | None
) -> "tuple[Choice, float | None, Choice | None]":
    """Return how a pack runs here with what was tried, its measured milliseconds, and what was not tried.

    The last is the device on which ``auto`` would run it; None where that was tried, or is the processor.
    """
    from inference.choices import Asked, choices_of
    from inference.packs import load_pack

    pack = load_pack(folder)
    tuning = None if tuner is None else tuner.measured.find(pack)
    choices = choices_of(pack, Asked(), None if tuner is None else tuner.choice(pack))
    ways = {one: (one.engine, one.precision, one.device) for one in choices}
    choice = next(one for one in choices if ways[one] in good)
    first = choices[0]
    untried = first if first.device != CPU and ways[first] not in good and ways[first] not in bad else None
    measured = {} if tuning is None else {one.choice: one.median_ms for one in tuning.measured}
    return choice, measured.get(choice), untried


def _self_check(pack_id: str, check: "VerifyCheck") -> SelfCheck:
    return SelfCheck(
        pack_id=pack_id,
        name=check.name,
        passed=check.passed,
        detail=check.text,
        code=check.code,
        engine=check.engine,
        precision=check.precision,
    )
