"""Draws docs/screenshots again: the real window with the real packs, on invented patients.

With FARLIGHT_DATA the pictures are chest X-rays of the Kermany set (CC BY 4.0) and a heart of the Sunnybrook
set (CC0), else the synthetic sample and no heart.
Run on a display of its own by ``make screenshots``; names given as arguments are drawn alone.
"""

from __future__ import annotations

import csv
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZE = (1366, 768)
TIMEOUT_S = 60.0
CHILDREN = (
    ("Sample^Amina", "2041-77", "F", "003Y", "091200"),
    ("Sample^Joseph", "2041-78", "M", "002Y", "092500"),
    ("Sample^Grace", "2041-79", "F", "004Y", "094100"),
    ("Sample^Peter", "2041-80", "M", "001Y", "095300"),
    ("Sample^Ruth", "2041-81", "F", "005Y", "100800"),
    ("Sample^Samuel", "2041-82", "M", "003Y", "102200"),
)
NEED_REAL = ("put-right", "heart-dark")
HEART = "dicom/cardiac-cine-sunnybrook/SC-HF-I-1"
# Rows of the set's official test images, ill and well in turn.
FIRST_OF_THE_SET = 40


class Studio:
    """Makes invented patients and photographs the window on them."""

    def __init__(self, out: Path, folder: Path) -> None:
        self.out = out
        self.folder = folder
        self.pictures = _pictures()

    def child(self, number: int = 0, *, with_age: bool = True, upside_down: bool = False) -> Path:
        """Write the study of one invented child and return its file."""
        name, card, sex, age, taken = CHILDREN[number]
        dataset = pydicom.dcmread(ROOT / "samples" / "chest-child.dcm")
        if self.pictures:
            _put(dataset, self.pictures[number % len(self.pictures)])
        if upside_down:
            _put(dataset, 255 - np.rot90(dataset.pixel_array, 2))
        dataset.PatientName, dataset.PatientID, dataset.PatientSex = name, card, sex
        dataset.PatientAge = age if with_age else ""
        dataset.StudyDate, dataset.StudyTime = "20260314", taken
        dataset.PatientBirthDate = ""
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        path = self.folder / f"{card}-{with_age}-{upside_down}.dcm"
        dataset.save_as(path)
        return path

    def shoot(
        self,
        name: str,
        paths: Sequence[Path],
        act: Callable[[Any], None] = lambda window: None,
        *,
        theme: str = "dark",
    ) -> None:
        """Open the window on ``paths``, do something, and save its picture."""
        from services.access import Access
        from services.staff import NewPerson
        from ui.application import make_window

        first = NewPerson(name="Dr. M. Achieng", duty="administrator")
        made = Access(Path(tempfile.mkdtemp(dir=self.folder))).set_up(first, secrets.token_hex(8))
        with made.workplace as workplace:
            workplace.settings.set("theme", theme)
            workplace.settings.set("site.name", "Demo Rural Health Centre")
            window = make_window(workplace, tuple(str(path) for path in paths))
            window.resize(*SIZE)
            window.show()
            window.activateWindow()
            if paths:
                _until(lambda: len(window.book) >= len(paths) and not window.intake.scanning)
            act(window)
            _wait(1.0)
            window.grab().save(str(self.out / f"{name}.png"))
            window.close()
            window.deleteLater()
            _wait(0.1)


def main(only: Sequence[str]) -> int:
    """Draw all screenshots, or those named."""
    from ui.application import make_application

    application = make_application()
    out = ROOT / "docs" / "screenshots"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="farlight-screens-") as folder:
        studio = Studio(out, Path(folder))
        for name, draw in _screens(studio).items():
            if name in NEED_REAL and not _pictures():
                print(f"docs/screenshots/{name}.png left: the drawn sample cannot show it, real images can")
            elif not only or name in only:
                draw()
                print(f"docs/screenshots/{name}.png", flush=True)
    application.quit()
    return 0


def _screens(studio: Studio) -> dict[str, Callable[[], None]]:
    def damaged() -> Path:
        whole = studio.child(1).read_bytes()
        path = studio.folder / "damaged.dcm"
        path.write_bytes(whole[: len(whole) // 2])
        return path

    def everyone() -> list[Path]:
        return [studio.child(number) for number in range(len(CHILDREN))]

    return {
        "read-opened-dark": lambda: studio.shoot("read-opened-dark", [studio.child()], _open_result),
        "put-right": lambda: studio.shoot("put-right", [studio.child(upside_down=True)], _open_put_right),
        "worklist-light": lambda: studio.shoot("worklist-light", everyone(), _show_worklist, theme="light"),
        "refusal": lambda: studio.shoot("refusal", [studio.child(with_age=False)], _open_result),
        "error": lambda: studio.shoot(
            "error", [studio.child()], lambda window: _open_damaged(window, damaged())
        ),
        "empty": lambda: studio.shoot("empty", []),
        "heart-dark": lambda: studio.shoot("heart-dark", [_data(HEART)], _open_result),
    }


def _open_result(window: Any) -> None:
    _until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("abnormal")
    _until(window.read.viewer.has_overlay)


def _open_put_right(window: Any) -> None:
    _until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("abnormal")
    _until(window.read.image.pair.put_right.has_overlay)


def _show_worklist(window: Any) -> None:
    window.show_page("worklist")
    _until(lambda: all(case.analysed and case.thumbnail for case in window.book.cases()))


def _open_damaged(window: Any, path: Path) -> None:
    _until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.opening.open_paths([str(path)])
    _until(lambda: len(window.book) > 1 and not window.intake.scanning)
    window.open_case(window.book.cases()[-1].key)
    _until(lambda: window.desk.case.analysed or window.desk.case.state == "failed")


def _data(name: str) -> Path:
    """Return where something of the data folder lies; nowhere where there is none."""
    return Path(os.environ.get("FARLIGHT_DATA") or os.devnull) / name


def _pictures() -> list[NDArray[np.uint8]]:
    folder = _data("chest-xray-kermany")
    if not folder.is_dir():
        return []
    with (folder / "index.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == "test"]
    ill = [row for row in rows if row["label"] == "pneumonia"][FIRST_OF_THE_SET:]
    well = [row for row in rows if row["label"] == "normal"][FIRST_OF_THE_SET:]
    chosen = [row for pair in zip(ill, well, strict=False) for row in pair][: len(CHILDREN)]
    return [np.asarray(Image.open(folder / row["image"]).convert("L")) for row in chosen]


def _put(dataset: pydicom.Dataset, pixels: NDArray[np.uint8]) -> None:
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    for keyword in ("WindowCenter", "WindowWidth", "PixelSpacing", "ImagerPixelSpacing"):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PixelData = pixels.tobytes()


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to the wanted state")
        _wait(0.02)


def _wait(seconds: float) -> None:
    """Let the window work for a while; ``QTest.qWait`` would keep its threads from the interpreter."""
    from PySide6.QtCore import QCoreApplication, QEvent

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
