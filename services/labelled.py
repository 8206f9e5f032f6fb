"""Read what is true of a folder of images from a CSV file as people save it; faults are told by line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.errors import LabelTableError, LeakedSplitError, RegisterFileError
from core.patient import Sex
from core.wording import say

if TYPE_CHECKING:
    from evaluation.split import Part
    from services.register_table import Row, Table

Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels of the image as stored."""
_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "file": ("file", "image", "filename", "file_name", "path"),
        "patient": ("patient", "patient_id", "patientid", "subject", "case"),
        "age_years": ("age_years", "age", "patient_age"),
        "sex": ("sex", "gender", "patient_sex"),
        "site": ("site", "hospital", "centre", "center", "clinic"),
        "split": ("split", "part", "set"),
    }
)
_BOX = ("box_x", "box_y", "box_width", "box_height")
_PARTS: Mapping[str, "Part | None"] = MappingProxyType(
    {
        **dict.fromkeys(("calibration", "calib", "cal", "validation", "valid", "val"), "calibration"),
        **dict.fromkeys(("test", "testing", "holdout", "held_out", "held-out"), "test"),
        **dict.fromkeys(("train", "training"), None),
    }
)
_TRUTH = MappingProxyType({"0": 0, "0.0": 0, "1": 1, "1.0": 1})
_SHOWN_LINES, _SHOWN_FAULTS = 8, 12
_MASK_NAMES = ("{name}/{code}.png", "{name}-{code}.png", "{name}_{code}.png")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """One image and what is true of it; a label that is not there is unknown."""

    line: int
    name: str
    path: Path
    patient: str
    truth: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    boxes: Mapping[str, tuple[Box, ...]] = field(default_factory=lambda: MappingProxyType({}))
    masks: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    age_years: float | None = None
    sex: Sex | None = None
    site: str | None = None
    part: "Part | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """A folder's images with their labels; ``is_split`` where the table shares the patients out."""

    images: tuple[LabelledImage, ...]
    is_split: bool = False
    left_out: int = 0
    """Images that the table says the weights were trained on."""


def read_labels(
    file: Path, folder: Path, codes: Mapping[str, str], *, masks: Path | None = None
) -> LabelledSet:
    """Return the images of a table of labels; ``codes`` are the pack's labels, code: title.

    Several lines of one file are one image with several boxes.

    Raises:
        LabelTableError: the table is not what it must be; the detail says which lines, the first ones.
        LeakedSplitError: a patient stands in both parts.
    """
    reader = _Reader(_table(file), folder, codes, masks)
    images = reader.images()
    if reader.faults:
        told = reader.faults[:_SHOWN_FAULTS]
        raise LabelTableError("; ".join(told), about=str(file), problems=tuple(told))
    if not images:
        raise LabelTableError(say("evaluation.labels.no_rows"), about=str(file))
    _require_no_leak(images, file)
    return LabelledSet(images=tuple(images), is_split=reader.has("split"), left_out=reader.left_out)


def lines_words(lines: Sequence[int]) -> str:
    """Return lines of a table as a sentence names them."""
    shown = ", ".join(str(line) for line in lines[:_SHOWN_LINES])
    text = say(f"evaluation.labels.{'line' if len(lines) == 1 else 'lines'}", lines=shown)
    more = len(lines) - _SHOWN_LINES
    return say("evaluation.labels.more", lines=text, count=more) if more > 0 else text


def _require_no_leak(images: Sequence[LabelledImage], file: Path) -> None:
    from evaluation.split import in_both

    leaked = in_both([image.patient for image in images], [image.part for image in images])
    if leaked:
        first = lines_words([images[place].line for place in next(iter(leaked.values()))])
        key = "leaked" if len(leaked) == 1 else "leaked_more"
        raise LeakedSplitError(
            say(f"evaluation.labels.{key}", lines=first, count=len(leaked)), about=str(file)
        )


def _table(file: Path) -> "Table":
    from services.register_table import read_table

    try:
        return read_table(file, has_headings=True)
    except RegisterFileError as error:
        raise LabelTableError(
            say("evaluation.labels.unreadable", why=error.detail), about=str(file)
        ) from error


def _plain(heading: str) -> str:
    return "_".join(heading.casefold().replace("-", " ").replace("_", " ").split())


class _Reader:
    """Takes a table apart, and gathers its faults by kind with their lines."""

    def __init__(self, table: "Table", folder: Path, codes: Mapping[str, str], masks: Path | None) -> None:
        self._table = table
        self._folder = folder.resolve()
        self._masks = masks
        self._codes = tuple(codes)
        self._headings = [_plain(heading) for heading in table.headings]
        self._found: dict[tuple[str, str], list[int]] = {}
        self._sentences: list[str] = []
        self.left_out = 0
        self._places = {name: self._place(words) for name, words in _COLUMNS.items()}
        self._labels = {
            code: place
            for code, title in codes.items()
            if (place := self._place((_plain(code), _plain(title)))) is not None
        }
        self._boxes = dict(self._box_columns())
        self._check_columns()

    @property
    def faults(self) -> list[str]:
        """Sentences, each with its lines."""
        found = [
            say(f"evaluation.labels.{why}", lines=lines_words(lines), column=column)
            for (why, column), lines in self._found.items()
        ]
        return [*self._sentences, *found]

    def has(self, name: str) -> bool:
        """Whether the table has a column."""
        return self._places[name] is not None

    def images(self) -> list[LabelledImage]:
        """Return the images in the order of the table."""
        if self._sentences:
            return []
        images: dict[str, LabelledImage] = {}
        for row in self._table.rows:
            image = self._image(row)
            if image is None:
                continue
            earlier = images.get(image.name)
            images[image.name] = image if earlier is None else self._joined(earlier, image)
        found = list(images.values())
        if self._masks is not None and found and not any(image.masks for image in found):
            self._sentences.append(say("evaluation.labels.no_mask"))
        return found

    def _place(self, words: Sequence[str]) -> int | None:
        places = [place for place, heading in enumerate(self._headings) if heading in words]
        exact = [place for place in places if self._headings[place] == words[0]]
        chosen = exact or places
        if len(exact) > 1:
            self._sentences.append(say("evaluation.labels.twice", column=words[0]))
        return chosen[0] if chosen else None

    def _box_columns(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield the four columns of boxes for each code; columns without a code are for all of them."""
        for code in self._codes:
            for names in ([f"{_plain(code)}_{part}" for part in _BOX], list(_BOX)):
                places = [self._headings.index(name) for name in names if name in self._headings]
                if len(places) == len(_BOX):
                    yield code, tuple(places)
                    break

    def _check_columns(self) -> None:
        columns = ", ".join(heading for heading in self._headings if heading)
        for name in ("file", "patient"):
            if not self.has(name):
                self._sentences.append(say("evaluation.labels.no_column", column=name, columns=columns))
        if not self._labels and self._masks is None:
            self._sentences.append(say("evaluation.labels.no_label", codes=", ".join(self._codes)))

    def _image(self, row: "Row") -> LabelledImage | None:
        from imaging.lenient import read_age_years, read_sex

        name, patient = self._cell(row, "file"), self._cell(row, "patient")
        for column, value in (("file", name), ("patient", patient)):
            if not value:
                self._fault("empty", row.line, column)
        path = self._path(row.line, name) if name else None
        split = _plain(self._cell(row, "split"))
        if self.has("split") and split not in _PARTS:
            self._fault("split", row.line)
        if split in _PARTS and _PARTS[split] is None:
            self.left_out += 1
            return None
        if path is None or not patient:
            return None
        truth = {
            code: known
            for code, place in self._labels.items()
            if (known := self._truth(row, place)) is not None
        }
        return LabelledImage(
            line=row.line,
            name=path.relative_to(self._folder).as_posix(),
            path=path,
            patient=patient,
            truth=MappingProxyType(truth),
            boxes=MappingProxyType(self._boxes_of(row, truth)),
            masks=MappingProxyType(self._masks_of(path)),
            age_years=read_age_years(self._cell(row, "age_years")),
            sex=read_sex(self._cell(row, "sex")),
            site=self._cell(row, "site") or None,
            part=_PARTS.get(split),
        )

    def _path(self, line: int, name: str) -> Path | None:
        path = (self._folder / name.replace("\\", "/")).resolve()
        if not path.is_relative_to(self._folder):
            self._fault("outside", line)
            return None
        if not path.is_file():
            self._fault("missing_file", line)
            return None
        return path

    def _truth(self, row: "Row", place: int) -> int | None:
        cell = row.cells[place]
        if cell and cell not in _TRUTH:
            self._fault("value", row.line, self._headings[place])
        return _TRUTH.get(cell)

    def _boxes_of(self, row: "Row", truth: Mapping[str, int]) -> dict[str, tuple[Box, ...]]:
        boxes: dict[str, tuple[Box, ...]] = {}
        for code, places in self._boxes.items():
            cells = [row.cells[place] for place in places]
            if not any(cells) or not truth.get(code, 1):
                continue
            box = _box(cells)
            if box is None:
                self._fault("box", row.line)
            else:
                boxes[code] = (box,)
        return boxes

    def _masks_of(self, path: Path) -> dict[str, Path]:
        if self._masks is None:
            return {}
        name = path.relative_to(self._folder).with_suffix("").as_posix()
        found: dict[str, Path] = {}
        for code in self._codes:
            places = (self._masks / form.format(name=name, code=code) for form in _MASK_NAMES)
            mask = next((place for place in places if place.is_file()), None)
            if mask is not None:
                found[code] = mask
        return found

    def _joined(self, first: LabelledImage, second: LabelledImage) -> LabelledImage:
        """Return one image of two lines: the boxes of both, and what either of them knows."""
        if first.patient != second.patient:
            self._fault("other_patient", second.line)
        if first.part != second.part:
            self._fault("contradiction", second.line, "split")
        for code, value in second.truth.items():
            if first.truth.get(code, value) != value:
                self._fault("contradiction", second.line, code)
        boxes = {
            code: (*first.boxes.get(code, ()), *second.boxes.get(code, ()))
            for code in (*first.boxes, *second.boxes)
        }
        truth = {**first.truth, **second.truth}
        return replace(first, truth=MappingProxyType(truth), boxes=MappingProxyType(boxes))

    def _cell(self, row: "Row", name: str) -> str:
        place = self._places[name]
        return "" if place is None else row.cells[place]

    def _fault(self, why: str, line: int, column: str = "") -> None:
        lines = self._found.setdefault((why, column), [])
        if line not in lines:
            lines.append(line)


def _box(cells: Sequence[str]) -> Box | None:
    try:
        left, top, width, height = (float(cell.replace(",", ".")) for cell in cells)
    except ValueError:
        return None
    return (left, top, width, height) if width > 0 and height > 0 else None
