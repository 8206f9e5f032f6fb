"""Ask packs about one unit that is loaded, one after another: what one answered is there for the next."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.patient import Patient
from core.result import ErrorRecord, ModelStamp, PackResult, Refusal, Status
from core.wording import say
from services.load import Loaded
from services.progress import IsCancelled, Progress, Report, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.packs import Pack
    from inference.requests import PackRun
    from inference.runner import PackRunner
    from inference.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One unit, of one patient, and what the packs said of it so far: ``runs`` by pack, in which they ran.

    A pack that answers from values stands in no run; it reads the results.
    """

    runner: "PackRunner"
    loaded: Loaded
    patient: Patient
    use_gates: bool
    progress: Report
    cancelled: IsCancelled
    runs: "dict[str, PackRun]" = field(default_factory=dict)

    def ask(self, pack: "Pack") -> PackResult:
        """Return what a pack that reads images says of the unit; those that it depends on were asked before.

        Raises:
            Cancelled: the user stopped it.
            FarlightError: the pack failed.
        """
        if self.loaded.image is None or self.loaded.grey is None:
            reason = "no_image" if self.loaded.unit.kind == "table" else "unread"
            return _silent(pack, status="not_applicable", refusal=_refusal("applies", reason))
        if any(other not in self.runs for other in pack.manifest.depends):
            return _silent(pack, status="refused", refusal=_refusal("upstream", "upstream_failed"))
        self.runs[pack.id] = self._run(pack)
        return self.runs[pack.id].result

    def _run(self, pack: "Pack") -> "PackRun":
        from services.tissue_map import is_read_in_tiles

        assert self.loaded.image is not None
        if pack.manifest.measuring is not None:
            return self._measure(pack)
        if is_read_in_tiles(pack, self.loaded.unit, self.loaded.image):
            return self._map(pack)
        single = self._look(pack)
        return single if pack.manifest.counting is None else self._count(pack, single)

    def _look(self, pack: "Pack") -> "PackRun":
        assert self.loaded.image is not None
        assert self.loaded.grey is not None
        return self.runner.run(
            pack.id,
            self.loaded.image,
            self.loaded.grey,
            self._subject(),
            self.runs,
            use_gates=self.use_gates,
            study=self._study(),
            cancelled=self.cancelled,
            told=self._told("explaining"),
        )

    def _map(self, pack: "Pack") -> "PackRun":
        """Go over a slide or a large photograph tile by tile."""
        from services.tissue_map import TileWork, map_tissue

        assert self.loaded.image is not None
        work = TileWork(
            unit=self.loaded.unit,
            image=self.loaded.image,
            subject=self._subject(),
            use_gates=self.use_gates,
        )
        return map_tissue(self.runner, pack, work, self.progress, self.cancelled)

    def _count(self, pack: "Pack", single: "PackRun") -> "PackRun":
        """Count cells where the picture shows a whole smear; else the answer for a single one stays."""
        from services.smear import SmearWork, count_smear

        assert self.loaded.image is not None
        assert self.loaded.grey is not None
        work = SmearWork(
            image=self.loaded.image,
            grey=self.loaded.grey,
            subject=self._subject(),
            study=self._study(),
            use_gates=self.use_gates,
        )
        return count_smear(self.runner, pack, work, single, self._told("counting"), self.cancelled)

    def _measure(self, pack: "Pack") -> "PackRun":
        """Measure a stack of slices through a heartbeat."""
        from services.cine import CineWork, measure_cine

        assert self.loaded.image is not None
        work = CineWork(
            unit=self.loaded.unit,
            image=self.loaded.image.ref,
            volume=self.loaded.cine,
            patient=self.patient,
            subject=self._subject(),
            use_gates=self.use_gates,
        )
        return measure_cine(self.runner, pack, work, self.progress, self.cancelled)

    def _subject(self) -> "Subject":
        from inference.subject import subject_of

        return subject_of(self.loaded.unit, self.patient)

    def _study(self) -> str:
        return self.loaded.unit.header.study_uid or self.loaded.unit.path

    def _told(self, stage: Stage) -> "Callable[[int, int], None]":
        def tell(done: int, total: int) -> None:
            self.progress(Progress(stage=stage, done=done, total=total, item=self.loaded.unit.path))

        return tell


def failed(pack: "Pack", error: ErrorRecord) -> PackResult:
    """Return what stands in the results for a pack that failed."""
    refusal = Refusal(
        gate="failed", reason=say(f"errors.{error.code}.title"), advice=say(f"errors.{error.code}.hint")
    )
    return _silent(pack, status="refused", refusal=refusal)


def _refusal(gate: str, reason: str) -> Refusal:
    return Refusal(
        gate=gate, reason=say(f"services.result.{reason}"), advice=say(f"services.result.{reason}_advice")
    )


def _silent(pack: "Pack", *, status: Status, refusal: Refusal) -> PackResult:
    """Return what stands in the results for a pack that did not look at the image, and why."""
    manifest = pack.manifest
    stamp = ModelStamp(
        pack_id=manifest.id,
        version=str(manifest.version),
        sha256=pack.sha256,
        pack_class=manifest.pack_class,
    )
    return PackResult(stamp=stamp, title=manifest.title, status=status, seconds=0.0, refusal=refusal)
