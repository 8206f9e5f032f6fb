"""From a file to its picture on the screen: decoded, made ready, and painted by the window's own viewer."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from benchmarks import inputs
from benchmarks.measuring import Figure, figure, interleaved, skipped
from core.image import ReadingUnit
from services import display
from services.picture import Picture
from ui.theme import Theme
from ui.viewer import Viewer

SECTION = "file to displayed image"
VIEW = (1100, 900)


def measure(rounds: int) -> list[Figure]:
    """Return a line for the sample and one for an image as large as a plate reader's."""
    if not os.environ.get("DISPLAY"):
        return [skipped(SECTION, SECTION, "no display")]
    application = QApplication([])
    viewer = Viewer(Theme())
    viewer.resize(*VIEW)
    viewer.show()
    application.processEvents()
    display.warm_up()
    with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
        units = {"sample": inputs.sample_unit(), "large": inputs.large_plate(Path(folder))}
        names = {_name(what, unit): unit for what, unit in units.items()}
        runs = {name: _shower(viewer, application, unit) for name, unit in names.items()}
        times = interleaved(runs, rounds=rounds)
    return [figure(SECTION, name, values) for name, values in times.items()]


def _name(what: str, unit: ReadingUnit) -> str:
    image = display.load_image(unit)
    rows, columns = image.shape
    return f"{what}: {columns} x {rows}, {image.bits_stored} bit"


def _shower(viewer: Viewer, application: QApplication, unit: ReadingUnit) -> Callable[[], None]:
    def show() -> None:
        picture = Picture(display.load_image(unit))
        viewer.show_picture(unit.path, picture, display.first_window(picture.image))
        viewer.repaint()
        application.processEvents()

    return show
