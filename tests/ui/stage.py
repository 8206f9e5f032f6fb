"""A stage for tests of the window: a display, images, an analyzer that says what the test wants."""

import os
import shutil
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from core.errors import Cancelled
from core.image import Image, ReadingUnit
from core.model_facts import ModelFacts
from core.patient import Patient
from core.result import (
    Correction,
    Finding,
    Heatmap,
    Mask,
    ModelStamp,
    PackResult,
    Position,
    QualityCheck,
    Refusal,
    Result,
    Source,
)
from core.wording import say
from services.analyze import Analysis, AnalysisOptions
from services.display import load_image, presentation
from services.patient import merge

SCREEN = "1920x1200x24"


class Display:
    """An X server of our own with a window manager."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as line:
            self.name = f":{line.readline().strip()}"
        self._manager = subprocess.Popen(
            ["openbox"],
            env={**os.environ, "DISPLAY": self.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @staticmethod
    def is_possible() -> bool:
        """Whether server and window manager are installed."""
        return bool(shutil.which("Xvfb") and shutil.which("openbox"))

    def close(self) -> None:
        """Stop both."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(timeout=10)


class StandInAnalyzer:
    """Answers as told: a score, a refusal, late, or not at all. In the product the real one stands here."""

    def __init__(self, *, score: float = 0.91, refusal: Refusal | None = None) -> None:
        self.score = score
        self.refusal = refusal
        self.hold: dict[str, threading.Event] = {}
        self.asked: list[str] = []
        self.patients: list[Patient] = []
        self.needs_age = False
        self.correction: Correction | None = None
        self.warm = False
        self.options = AnalysisOptions()

    def warm_up(self) -> None:
        """Remember that it was asked for."""
        self.warm = True

    @property
    def looking(self) -> bool:
        """Nobody measures while it stands in."""
        return False

    def to_tune(self) -> tuple[()]:
        """Return that there is nothing to measure."""
        return ()

    def forms(self) -> tuple[ModelFacts, ...]:
        """Return that nobody asks for values."""
        return ()

    def has_forms_off(self) -> bool:
        """Return that nobody would ask for values either."""
        return False

    def facts_for(self, result: Result) -> Mapping[str, ModelFacts]:
        """Return what the packs of the stage say of themselves."""
        return {
            "chest-pneumonia-child": ModelFacts(
                pack_id="chest-pneumonia-child",
                version="1.0.0",
                title="Pneumonia on chest X-rays of children",
                pack_class="research",
                not_looked_for=("effusion", "fracture", "heart"),
            )
        }

    def analyze(
        self,
        unit: ReadingUnit,
        *,
        patient: Patient | None = None,
        packs: Sequence[str] | None = None,
        image: Image | None = None,
        progress: object = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Analysis:
        """Return lungs, and pneumonia or a refusal."""
        self.asked.append(unit.path)
        who = merge(unit.patient, patient)
        self.patients.append(who)
        gate = self.hold.get(Path(unit.path).name)
        while gate is not None and not gate.wait(0.01):
            if cancelled():
                raise Cancelled
        shown = image or load_image(unit, 0)
        grey = presentation(shown)
        source = Source(
            path=unit.path, files=1, sha256=None, modality=unit.header.modality,
            study_uid=unit.header.study_uid, series_uids=(), frames=unit.frames,
        )  # fmt: skip
        refusal = self.refusal
        if self.needs_age and who.age_years is None:
            refusal = Refusal(
                gate="age",
                reason=say("inference.age.unknown", range="1 to 5 years"),
                advice="Enter the age: this model is for 1 to 5 years.",
            )
        outline = replace(lungs(shown), correction=self.correction)
        results = (outline, refused(refusal) if refusal else pneumonia(shown, self.score))
        return Analysis(
            result=Result(source=source, patient=who, results=results),
            image=shown,
            grey=np.asarray(grey, dtype=np.float32) if not shown.is_colour else None,
            header=unit.header,
        )


def lungs(image: Image) -> PackResult:
    """Return two ellipses as lung fields."""
    rows, columns = image.shape
    down, across = np.mgrid[0:rows, 0:columns]

    def ellipse(middle: float) -> np.ndarray:
        away = ((across / columns - middle) / 0.17) ** 2 + ((down / rows - 0.48) / 0.33) ** 2
        return np.asarray(away < 1)

    return PackResult(
        stamp=stamp("chest-lungs", "assist"),
        title="Lung fields",
        status="ok",
        seconds=0.02,
        quality=(
            QualityCheck(
                name="exposure", outcome="good", text="Quality good: both lungs whole, exposure in range"
            ),
            QualityCheck(
                name="familiarity", outcome="good", text="Familiar: like the images it was made from"
            ),
        ),
        masks=(
            Mask(code="right_lung", label="Right lung", pixels=ellipse(0.3), image=image.ref),
            Mask(code="left_lung", label="Left lung", pixels=ellipse(0.7), image=image.ref),
        ),
    )


def pneumonia(image: Image, score: float) -> PackResult:
    """Return one finding with a round map."""
    rows, columns = image.shape
    down, across = np.mgrid[0:rows, 0:columns]
    heat = np.exp(-(((across / columns - 0.68) / 0.09) ** 2 + ((down / rows - 0.62) / 0.09) ** 2)).astype(
        np.float32
    )
    position: Position = "above" if score > 0.45 else ("undecided" if score > 0.37 else "below")
    return PackResult(
        stamp=stamp("chest-pneumonia-child", "research"),
        title="Pneumonia on chest X-rays of children",
        status="ok",
        seconds=0.018,
        findings=(
            Finding(
                code="pneumonia", label="Pneumonia", probability=score,
                interval=(max(0.0, score - 0.07), min(1.0, score + 0.04)), threshold=0.41,
                threshold_source="test", position=position, calibrated_at_prevalence=0.74, image=image.ref,
            ),
        ),
        heatmaps=(Heatmap(finding="pneumonia", values=heat, shown=position == "above", image=image.ref),),
    )  # fmt: skip


def refused(refusal: Refusal) -> PackResult:
    """Return a refusal of the child pack."""
    return PackResult(
        stamp=stamp("chest-pneumonia-child", "research"),
        title="Pneumonia on chest X-rays of children",
        status="refused",
        seconds=0.004,
        refusal=refusal,
    )


def stamp(pack: str, kind: str) -> ModelStamp:
    """Return which model spoke."""
    return ModelStamp(
        pack_id=pack, version="1.0.0", sha256="0" * 64, pack_class=kind,  # type: ignore[arg-type]
        engine="openvino", device="CPU", precision="int8",
    )  # fmt: skip


def write_chest(
    folder: Path,
    name: str,
    *,
    patient: str = "SAMPLE^Amina",
    number: str = "2041-77",
    sex: str = "F",
    age: str = "003Y",
    pixels: np.ndarray | None = None,
    time: str = "101200",
    charset: str = "ISO_IR 192",
    orientation: bool = False,
    spacing: bool = False,
) -> Path:
    """Write a chest X-ray of an invented patient as DICOM."""
    if pixels is None:
        down, across = np.mgrid[0:240, 0:280]
        pixels = (60 + 120 * np.abs(np.sin(across / 40.0)) * np.abs(np.cos(down / 60.0))).astype(np.uint8)
        whose = zlib.crc32(f"{patient} {number}".encode()).to_bytes(4, "big")
        pixels[0, :4] = np.frombuffer(whose, np.uint8) // 4 + 60  # no two patients have one image
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / name
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = charset
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID, made.PatientSex, made.PatientAge = patient, number, sex, age
    made.Modality, made.BodyPartExamined, made.ViewPosition = "DX", "CHEST", "AP"
    made.StudyDate, made.StudyTime, made.InstitutionName = "20260314", time, "Demo Rural Health Centre"
    made.SeriesNumber, made.InstanceNumber = 1, 1
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    if orientation:
        made.PatientOrientation = ["L", "F"]
    if spacing:
        made.PixelSpacing = [0.2, 0.2]
    made.PixelData = pixels.tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, made, enforce_file_format=True)
    return path


def wait_until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Let the window work until a condition holds.

    Raises:
        TimeoutError: it does not hold in time.
    """
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to the wanted state")
        let_pass(10)


def let_pass(milliseconds: int) -> None:
    """Let the window work for a while; unlike ``QTest.qWait`` it leaves the interpreter to other threads."""
    from PySide6.QtCore import QCoreApplication, QEvent

    end = time.monotonic() + milliseconds / 1000.0
    while True:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, 0.005))


@contextmanager
def at_once(window: Any) -> Iterator[None]:
    """Let the keys struck inside come at one moment, however busy this computer is."""
    guards = (window.read.key_answers.guard, window.worklist.guard)
    clocks = [guard.now for guard in guards]
    moment = clocks[0]()
    for guard in guards:
        guard.now = lambda: moment
    try:
        yield
    finally:
        for guard, clock in zip(guards, clocks, strict=True):
            guard.now = clock
