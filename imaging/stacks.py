"""Collects single images into stacks while a scan goes on, and lets each go as soon as it is complete."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from core.image import CineStack, ReadingUnit
from imaging.dicom_header import read_patient, read_study
from imaging.dicom_values import contained
from imaging.dicomdir import place_of
from imaging.records import Unreadable
from imaging.series import Instance, in_reading_order
from imaging.tree import Found

Result = ReadingUnit | Unreadable


class Stacks:
    """Keeps results in the order of their first file.

    A stack waits until the walk has left its folder, the next folder begins with another series (media often
    spread one series over numbered folders), and the medium's directory, where there is one, lists no more of
    it. ``expected`` gives the series that the directory says for each place below ``root``.
    """

    def __init__(self, root: Path, expected: Mapping[str, str]) -> None:
        self._root = root
        self._expected = dict(expected)
        self._still_listed = Counter(self._expected.values())
        self._waiting: dict[object, Result | list[Instance]] = {}
        self._listed_here: set[str] = set()
        self._headed: set[object] = set()
        self._folder: Path | None = None

    @property
    def missing(self) -> int:
        """How many listed files have not been met so far."""
        return len(self._expected)

    def add(self, found: Found, result: Result | Instance | None) -> Iterator[Result]:
        """Take what one file gave (None: no image) and yield what is complete now."""
        listed = self._expected.pop(place_of(found.path, self._root), None) if self._expected else None
        if listed is not None:
            self._still_listed[listed] -= 1
        if result is None:
            return
        key = result.pool_key if isinstance(result, Instance) else None
        if found.path.parent != self._folder:
            if (key is None or key not in self._waiting) and not self._more_listed():
                yield from self.close()
            self._folder = found.path.parent
        if isinstance(result, Instance) and key is not None:
            self._stack(key, result, listed)
            return
        whole = unit_of([result]) if isinstance(result, Instance) else result
        if self._waiting:
            self._waiting[found.shown] = whole
        else:
            yield whole

    def close(self) -> Iterator[Result]:
        """Yield all that waits."""
        waiting, self._waiting = self._waiting, {}
        self._listed_here.clear()
        self._headed.clear()
        for result in waiting.values():
            if isinstance(result, list):
                yield from units_of(result)
            else:
                yield result

    def _stack(self, key: object, instance: Instance, listed: str | None) -> None:
        if listed is not None:
            self._listed_here.add(listed)
        stack = self._waiting.setdefault(key, [])
        assert isinstance(stack, list)
        of_one = instance.series_key, instance.contrast.part  # what may become a unit of its own
        stack.append(replace(instance, header=None) if of_one in self._headed else instance)
        self._headed.add(of_one)

    def _more_listed(self) -> bool:
        return any(self._still_listed[series] > 0 for series in self._listed_here)


def units_of(pool: list[Instance]) -> Iterator[ReadingUnit]:
    """Yield the units of images that waited together: most often one."""
    if pool[0].pool_key == pool[0].series_key:
        yield unit_of(pool)
        return
    from imaging.cine_groups import stacks_in

    for stack in stacks_in(pool):
        yield unit_of(stack)


def unit_of(instances: list[Instance]) -> ReadingUnit:
    """Return the reading unit of one stack, or of one single image; one instance has the header."""
    header = next(instance.header for instance in instances if instance.header is not None)
    with contained():
        study, patient = read_study(header), read_patient(header)
    ordered = in_reading_order(instances)
    series = tuple(dict.fromkeys(one.series_uid for one in ordered if one.series_uid))
    if len(series) > 1:
        study = replace(study, series_uids=series)
    slide = ordered[0].slide
    if slide:
        ordered.sort(key=lambda one: one.file_state[0] if one.file_state else 0, reverse=True)
    first = ordered[0]
    of_each = tuple(instance.frames for instance in ordered)
    if slide:  # one picture, the overview, which is read of the first and largest file
        of_each = (1, *(0 for _ in ordered[1:]))
    frames = sum(of_each)
    folder = Path(os.path.commonpath([instance.path.parent for instance in ordered]))
    marks = tuple(instance.mark for instance in ordered)
    return ReadingUnit(
        kind="slide" if slide else "dicom-image" if frames == 1 else "dicom-series",
        path=first.shown if len(ordered) == 1 else _common_shown(first, folder),
        files=tuple(instance.path for instance in ordered),
        header=study,
        patient=patient,
        frames=frames,
        frames_per_file=of_each,
        sop_instance_uids=tuple(instance.sop_instance_uid for instance in ordered),
        file_states=tuple(instance.file_state for instance in ordered),
        file_marks=marks if any(marks) else (),
        extras=MappingProxyType({"folder": str(folder)}),
        cine=_cine(ordered),
    )


def _common_shown(first: Instance, folder: Path) -> str:
    """Return the common folder as the user gave it: as many steps up as the real one."""
    shown = Path(first.shown)
    for _ in first.path.relative_to(folder).parts:
        shown = shown.parent
    return str(shown)


def _cine(ordered: list[Instance]) -> CineStack | None:
    if ordered[0].modality != "MR" or len(ordered) == 1:
        return None
    from imaging.cine import cine_of

    return cine_of(ordered)
