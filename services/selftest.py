"""Prove every pack in every engine and precision on this computer, against the packs' own golden answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.result import EngineName, Precision
from services.packs import chosen_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if


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
    from inference.verify import verify_pack

    chosen = chosen_packs(packs, pack_folders)
    checks: list[SelfCheck] = []
    for number, pack in enumerate(chosen):
        stop_if(cancelled)
        progress(Progress(stage="checking", done=number, total=len(chosen), item=pack.id))
        checks.extend(
            SelfCheck(
                pack_id=pack.id,
                name=check.name,
                passed=check.passed,
                detail=check.text,
                code=check.code,
                engine=check.engine,
                precision=check.precision,
            )
            for check in verify_pack(pack.folder)
        )
    return tuple(checks)
