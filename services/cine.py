"""Measure a beating heart: a pack's outlines become numbers with intervals, and curves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.form import PREGNANCY, says_pregnant
from core.image import CineVolume, ImageRef, ReadingUnit
from core.patient import Patient
from core.result import Curve, Measurement, PackResult, Reference, VolumeMask
from core.wording import say
from measure.meanings import meaning_of
from measure.references import absent_for, reference_for
from measure.ventricles import (
    LEFT,
    MYOCARDIUM,
    RIGHT,
    Geometry,
    Ventricles,
    body_surface_m2,
    heart_rate_bpm,
    measure_ventricles,
    strokes_apart,
    without_islands,
)
from measure.wall import wall_measurements
from services.progress import IsCancelled, Progress, Report, stop_if

if TYPE_CHECKING:
    from inference.cine_reading import CineRun
    from inference.gate_log import GateLog
    from inference.manifest import Manifest, Measured
    from inference.packs import Pack
    from inference.requests import PackRun
    from inference.runner import PackRunner
    from inference.subject import Subject

_VALUES = MappingProxyType({"rv": RIGHT, "myocardium": MYOCARDIUM, "lv": LEFT})
_INDEXED = ("lv_edv", "lv_esv", "lv_mass", "rv_edv", "rv_esv")
_SAID_HOW = ("lv_ef", "rv_ef", "lv_mass")
_WALL_UNITS = MappingProxyType({"lv_wall_max": "mm", "lv_wall_spread": "%"})
_SURFACE_M2 = 0.3, 3.5
_CHILDBEARING_ENDS = 56.0
_DOUBTS = MappingProxyType({"few_slices": "few_held"})
"""Codes whose sentence has another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CineWork:
    """What is measured: the unit, its images where they were read already, and whose they are.

    ``image`` is the one that all packs are asked about.
    """

    unit: ReadingUnit
    image: ImageRef
    patient: Patient
    subject: "Subject"
    volume: CineVolume | None = field(default=None, repr=False)
    use_gates: bool = True


def measure_cine(
    runner: "PackRunner", pack: "Pack", work: CineWork, progress: Report, cancelled: IsCancelled
) -> "PackRun":
    """Return what a pack that measures says of a unit.

    Raises:
        Cancelled: the user stopped it.
        FarlightError: images cannot be read, or the pack or its model failed.
    """
    from inference.cine_reading import CineRequest
    from inference.requests import PackRun

    started = time.perf_counter()
    unit = work.unit
    run = runner.run_cine(
        pack.id,
        CineRequest(
            stack=unit.cine,
            read=lambda: work.volume or _read(unit, progress, cancelled),
            subject=work.subject,
            use_gates=work.use_gates,
        ),
        cancelled=cancelled,
        told=lambda done, total: progress(
            Progress(stage="measuring", done=done, total=total, item=unit.path)
        ),
        study=unit.header.study_uid or unit.path,
    )
    spoken = _Spoken(pack.manifest, run, work, cancelled)
    result = PackResult(
        stamp=run.stamp,
        title=pack.manifest.title,
        status=run.log.status,
        seconds=time.perf_counter() - started,
        refusal=run.log.refusal,
        gates_skipped=not work.use_gates,
        quality=tuple(run.log.checks),
        measurements=spoken.measurements,
        volumes=spoken.volumes,
        curves=spoken.curves,
    )
    return PackRun(result=result, image=work.image)


def _read(unit: ReadingUnit, progress: Report, cancelled: IsCancelled) -> CineVolume:
    from imaging.cine_read import read_cine

    return read_cine(
        unit,
        cancelled=cancelled,
        on_image=lambda done, total: progress(
            Progress(stage="reading", done=done, total=total, item=unit.path)
        ),
    )


class _Spoken:
    """What is said of outlines; nothing where a gate has refused, the numbers' own gate included."""

    def __init__(self, manifest: "Manifest", run: "CineRun", work: CineWork, cancelled: IsCancelled) -> None:
        self.measurements: tuple[Measurement, ...] = ()
        self.volumes: tuple[VolumeMask, ...] = ()
        self.curves: tuple[Curve, ...] = ()
        if run.outlines is None or run.volume is None:
            return
        self._manifest, self._work, self._volume = manifest, work, run.volume
        self._geometry = _geometry(run.volume)
        labels = _as_measured(run.outlines.labels, manifest.codes)
        labels = without_islands(labels, lambda: stop_if(cancelled))
        labels.setflags(write=False)
        self._heart = measure_ventricles(labels, self._geometry)
        _tell(run.log, self._heart)
        if run.log.stopped:
            return
        self.measurements = (*self._measurements(), *self._parts(), *self._wall(labels))
        self.volumes = tuple(self._volumes(labels))
        self.curves = self._curves()

    def _measurements(self) -> Iterator[Measurement]:
        measuring, heart, patient = self._manifest.measuring, self._heart, self._work.patient
        assert measuring is not None
        surface = _surface(patient)
        for one in measuring.measured:
            if one.code.startswith("rv_") and "right_not_found" in heart.doubts:
                continue
            value = heart.values[one.code]
            low, high = _interval(one, value)
            age = patient.age_years.value if patient.age_years else None
            yield Measurement(
                code=one.code,
                label=one.title,
                value=round(value, 1),
                unit=one.unit,
                method=self._method(one.code),
                interval=(round(low, 1), round(high, 1)),
                reference=self._reference(one.code),
                no_reference=self._no_reference(one.code),
                meaning=meaning_of(one.code, round(value, 1), (low, high), age, datetime.now(UTC).date()),
            )
            if surface is not None and one.code in _INDEXED:
                code = f"{one.code}_index"
                yield Measurement(
                    code=code,
                    label=say("services.cine.indexed", label=one.title),
                    value=round(value / surface, 1),
                    unit=f"{one.unit}/m²",
                    method=say("services.cine.method_index", surface=f"{surface:.2f}"),
                    interval=(round(low / surface, 1), round(high / surface, 1)),
                    reference=self._reference(code),
                    no_reference=self._no_reference(code),
                )

    def _reference(self, code: str) -> Reference | None:
        """Return what is usual: nothing in pregnancy; where nobody said it, it says that it leaves it out."""
        sex, age = self._sex_and_age()
        found = reference_for(code, sex, age)
        if found is None or self._pregnant():
            return None
        unsaid = PREGNANCY not in self._work.patient.further
        if unsaid and sex == "F" and age is not None and age < _CHILDBEARING_ENDS:
            return replace(found, source=say("services.cine.not_in_pregnancy", source=found.source))
        return found

    def _no_reference(self, code: str) -> str:
        """Return why a range that there is was left out; "" where it was not, or there is none."""
        sex, age = self._sex_and_age()
        absent = absent_for(code, sex, age)
        if absent is not None:
            why, first, last = absent
            return say(f"services.cine.no_reference_{why}", first=str(first), last=str(last))
        if self._pregnant() and reference_for(code, sex, age) is not None:
            return say("services.cine.no_reference_pregnant")
        return ""

    def _sex_and_age(self) -> tuple[str | None, float | None]:
        patient = self._work.patient
        sex = patient.sex.value if patient.sex else None
        return sex, patient.age_years.value if patient.age_years else None

    def _pregnant(self) -> bool:
        said = self._work.patient.further.get(PREGNANCY)
        return said is not None and says_pregnant(said.value)

    def _parts(self) -> Iterator[Measurement]:
        for part, volume in zip(("base", "middle", "apex"), self._heart.ends.thirds_ml, strict=True):
            yield Measurement(
                code=f"lv_edv_{part}",
                label=say(f"services.cine.lv_edv_{part}"),
                value=round(volume, 1),
                unit="ml",
                method=say("services.cine.method_part") if part == "base" else "",
            )
        rate = heart_rate_bpm(self._volume.stack.times_ms)
        if rate is not None:
            yield Measurement(
                code="heart_rate",
                label=say("services.cine.heart_rate"),
                value=round(rate),
                unit="1/min",
                method=say("services.cine.method_rate"),
            )

    def _wall(self, labels: NDArray[np.uint8]) -> Iterator[Measurement]:
        """Yield how thick and how even the wall is; nothing where it is not seen in both phases."""
        beat = self._heart.beat
        values = wall_measurements(labels[:, beat.diastole], labels[:, beat.systole], self._geometry.pixel_mm)
        for code, value in values.items():
            yield Measurement(
                code=code,
                label=say(f"services.cine.{code}"),
                value=round(value, 1),
                unit=_WALL_UNITS[code],
                method=say(
                    f"services.cine.method_{code}", ed=str(beat.diastole + 1), es=str(beat.systole + 1)
                ),
            )

    def _method(self, code: str) -> str:
        """Return how a number was measured; the volumes of an ejection fraction are those that it says."""
        beat = self._heart.beat
        if code not in _SAID_HOW:
            return ""
        return say(
            "services.cine.method_mass" if code == "lv_mass" else "services.cine.method",
            slices=str(len(self._heart.ends.slices)),
            ed=str(beat.diastole + 1),
            es=str(beat.systole + 1),
            phases=str(self._volume.stack.phases),
        )

    def _volumes(self, labels: NDArray[np.uint8]) -> Iterator[VolumeMask]:
        for label in self._manifest.labels:
            yield VolumeMask(
                code=label.code,
                label=label.title,
                labels=labels,
                value=_VALUES[label.code],
                refs=self._volume.refs,
                stack=self._volume.stack,
            )

    def _curves(self) -> tuple[Curve, ...]:
        beat, times = self._heart.beat, self._volume.stack.times_ms
        marks = (("ed", beat.diastole), ("es", beat.systole))
        volumes = {"lv": self._heart.lv_ml, "rv": self._heart.rv_ml}
        if "right_not_found" in self._heart.doubts:
            del volumes["rv"]  # what is not measured is not drawn
        return tuple(
            Curve(
                code=f"{side}_volume",
                label=say(f"services.cine.{side}_curve"),
                unit="ml",
                values=values,
                times_ms=times,
                marks=marks,
            )
            for side, values in volumes.items()
        )


def _geometry(volume: CineVolume) -> Geometry:
    stack = volume.stack
    assert stack.pixel_spacing_mm is not None
    assert stack.slice_distance_mm is not None
    return Geometry(
        pixel_mm=stack.pixel_spacing_mm,
        positions_mm=tuple(slice_.position_mm for slice_ in stack.slices),
        slice_distance_mm=stack.slice_distance_mm,
    )


def _as_measured(labels: NDArray[np.uint8], codes: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return labels numbered as ``measure.ventricles`` does, whatever the order in the manifest."""
    numbers = np.array([0, *(_VALUES.get(code, 0) for code in codes)], np.uint8)
    return np.asarray(numbers[labels], np.uint8)


def _tell(log: "GateLog", heart: Ventricles) -> None:
    for code in heart.doubts:
        if code in ("not_a_ventricle", "incomplete"):
            log.refuse("cine", code)
        elif code == "strokes_apart":
            log.note("cine", code, percent=f"{100 * strokes_apart(heart.values):.0f}")
        else:
            log.note("cine", _DOUBTS.get(code, code))


def _interval(one: "Measured", value: float) -> tuple[float, float]:
    half = max(one.error, one.relative_error * value)
    highest = 100.0 if one.unit == "%" else float("inf")
    return max(0.0, value - half), min(highest, value + half)


def _surface(patient: Patient) -> float | None:
    if patient.height_cm is None or patient.weight_kg is None:
        return None
    surface = body_surface_m2(patient.height_cm.value, patient.weight_kg.value)
    return surface if _SURFACE_M2[0] <= surface <= _SURFACE_M2[1] else None
