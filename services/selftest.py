"""Prove every pack in every engine and precision on this computer, against the packs' own golden answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.result import EngineName, Precision
from services.packs import chosen_packs
from services.places import program_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if

if TYPE_CHECKING:
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


def run_self_test(
    packs: Sequence[str] | None = None,
    *,
    pack_folders: Sequence[Path] | None = None,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> tuple[SelfCheck, ...]:
    """Return every check of the packs (default: all that are installed), by pack.

    Raises:
        UnknownPackError: one is not installed.
        Cancelled: the user stopped it.
    """
    from inference.trial import try_pack
    from inference.verify import verify_pack

    chosen = chosen_packs(packs, pack_folders)
    checks: list[SelfCheck] = []
    for number, pack in enumerate(chosen):
        stop_if(cancelled)
        progress(Progress(stage="checking", done=number, total=len(chosen), item=pack.id))
        ours = pack.folder.parent in program_packs()
        found = verify_pack(pack.folder) if ours else try_pack(pack.folder, cancelled=cancelled)
        checks.extend(_self_check(pack.id, check) for check in found)
    return tuple(checks)


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
