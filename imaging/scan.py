"""Finds the studies on a medium by their headers alone, the first at once."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Cancelled, FarlightError, NoPixelsError, NotAnImageError, NothingFoundError
from core.image import ReadingUnit, StudyHeader, UnitKind
from core.patient import Patient
from imaging.archive import list_members
from imaging.kinds import DICOM_KINDS, HEAD_BYTES, RASTER_KINDS, is_named_as_image, kind_of
from imaging.natural import natural_key
from imaging.records import ScanProgress, Unreadable
from imaging.slide_kinds import is_other_slide, is_scanners, is_tiff_slide
from imaging.source import mark_of, open_source, state_of
from imaging.tree import Found, nothing, walk

if TYPE_CHECKING:
    from imaging.series import Instance

__all__ = ["ScanProgress", "Unreadable", "scan_paths"]


def never() -> bool:
    """Return False: nobody cancels."""
    return False


def tell_nobody(_passed: Unreadable) -> None:
    """Tell nobody of a file that is no image."""


def scan_paths(
    paths: Sequence[Path],
    *,
    given: Sequence[str] | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    cancelled: Callable[[], bool] = never,
    leave_out: Callable[[Path], bool] = nothing,
    passed_over: Callable[[Unreadable], None] = tell_nobody,
) -> Iterator[ReadingUnit | Unreadable]:
    """Yield what is found under ``paths`` in natural order, each as soon as it is complete.

    ``given`` are the paths as the user wrote them (default: the paths themselves). Files inside folders and
    zip files that are no images are counted in ``progress``, told to ``passed_over`` and skipped. A file that
    is no image although the user named it or its ending promises one, and a folder that holds none, is
    ``Unreadable``. A DICOMDIR named by the user stands for its folder. Folders below them for which
    ``leave_out`` is true are not entered.

    Raises:
        Cancelled: ``cancelled`` said so.
    """
    names = [str(path) for path in paths] if given is None else list(given)
    scan = _Scan(progress, cancelled, leave_out, passed_over)
    for path, name in zip(paths, names, strict=True):
        yield from scan.of_path(path, name)


class _Scan:
    def __init__(
        self,
        progress: Callable[[ScanProgress], None] | None,
        cancelled: Callable[[], bool],
        leave_out: Callable[[Path], bool],
        passed_over: Callable[[Unreadable], None],
    ) -> None:
        self._passed_over = passed_over
        self._progress = progress
        self._cancelled = cancelled
        self._leave_out = leave_out
        self._files = self._units = self._skipped = 0

    def of_path(self, path: Path, shown: str) -> Iterator[ReadingUnit | Unreadable]:
        from imaging.dicomdir import is_dicomdir
        from imaging.stacks import Stacks

        if is_dicomdir(path) and path.is_file():
            path, shown = path.parent, os.path.dirname(shown) or os.curdir  # noqa: PTH120  keeps it as given
        stacks = Stacks(path, _listed_by_directory(path))
        empty = True
        for found in _files_of(path, shown, self._leave_out):
            if self._cancelled():
                raise Cancelled
            for result in stacks.add(found, self._read(found, stacks.missing)):
                empty = False
                yield self._counted(result)
        for result in stacks.close():
            empty = False
            yield self._counted(result)
        if empty:
            yield Unreadable(path=shown, error=NothingFoundError())

    def _read(self, found: Found, missing: int) -> "ReadingUnit | Instance | Unreadable | None":
        self._files += 1
        if self._progress is not None:
            counts = ScanProgress(
                files=self._files, units=self._units, skipped=self._skipped, missing=missing
            )
            self._progress(counts)
        if found.error is not None:
            return Unreadable(path=found.shown, error=found.error)
        try:
            return _examine(found)
        except (NotAnImageError, NoPixelsError) as error:
            self._skipped += 1
            unread = Unreadable(path=found.shown, error=error)
            if _is_missed(found, error):
                return unread
            self._passed_over(unread)
            return None
        except FarlightError as error:
            return Unreadable(path=found.shown, error=error)

    def _counted(self, result: ReadingUnit | Unreadable) -> ReadingUnit | Unreadable:
        if isinstance(result, ReadingUnit):
            self._units += 1
        return result


def _is_missed(found: Found, error: FarlightError) -> bool:
    """Whether somebody expects an image here: an empty or overwritten ``.dcm`` may be a lost radiograph."""
    return found.explicit or (isinstance(error, NotAnImageError) and is_named_as_image(found.path.name))


def _files_of(path: Path, shown: str, leave_out: Callable[[Path], bool]) -> Iterator[Found]:
    for found in walk(path, shown, leave_out):
        if found.error is None and _is_zip(found.path):
            yield from _members(found)
        else:
            yield found


def _listed_by_directory(root: Path) -> dict[str, str]:
    """Return what the DICOMDIR of a folder or zip file lists, nothing where there is none."""
    from imaging.dicomdir import is_dicomdir, read_expected

    try:
        children = list_members(root) if _is_zip(root) else root.iterdir() if root.is_dir() else ()
        directory = next((child for child in children if is_dicomdir(child) and child.parent == root), None)
    except (OSError, FarlightError):
        return {}
    return read_expected(directory) if directory is not None else {}


def _is_zip(path: Path) -> bool:
    if path.suffix.casefold() != ".zip":
        return False
    try:
        with open_source(path) as stream:
            return kind_of(stream.read(HEAD_BYTES)) == "zip"
    except FarlightError:
        return False


def _members(found: Found) -> Iterator[Found]:
    try:
        members = list(list_members(found.path))
    except FarlightError as error:
        yield Found(path=found.path, shown=found.shown, explicit=found.explicit, error=error)
        return
    inside = [(member.relative_to(found.path), member) for member in members]
    for relative, member in sorted(inside, key=lambda pair: [natural_key(part) for part in pair[0].parts]):
        yield Found(path=member, shown=os.path.join(found.shown, *relative.parts))  # noqa: PTH118  keeps it as given


def _examine(found: Found) -> "ReadingUnit | Instance":
    with open_source(found.path) as stream:
        head = stream.read(HEAD_BYTES)
        kind = kind_of(head)
        if is_other_slide(head, found.path) or (kind == "tiff" and is_tiff_slide(stream, found.path.name)):
            return _slide_unit(found)
        if kind in DICOM_KINDS:
            from imaging.dicom_scan import read_instance

            return read_instance(stream, found)
        if kind in RASTER_KINDS:
            from imaging.raster_file import count_tiff_pages

            return _file_unit("raster", found, count_tiff_pages(stream) if kind == "tiff" else 1)
    if kind in ("nifti", "nifti-gz"):
        from imaging.cine import cine_of_nifti
        from imaging.nifti_file import read_nifti_header

        header = read_nifti_header(found.path)
        return replace(_file_unit("nifti", found, header.images), cine=cine_of_nifti(header))
    raise NotAnImageError(kind or "")


def _slide_unit(found: Found) -> ReadingUnit:
    """Return a slide as one image, its overview; a scanner's own format says that it is microscopy."""
    unit = _file_unit("slide", found, 1)
    return replace(unit, header=StudyHeader(modality="SM")) if is_scanners(found.path.name) else unit


def _file_unit(kind: UnitKind, found: Found, frames: int) -> ReadingUnit:
    return ReadingUnit(
        kind=kind,
        path=found.shown,
        files=(found.path,),
        header=StudyHeader(),
        patient=Patient(),
        frames=frames,
        frames_per_file=(frames,),
        sop_instance_uids=(None,),
        file_states=(state_of(found.path),),
        file_marks=(mark_of(found.path),),
    )
