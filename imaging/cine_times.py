"""Says when the images of a cine's slices were taken, and which count where a slice was taken again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.natural import natural_key
from imaging.series import Instance, depths_of

SAME_PLACE_MM = 1.0
"""Slices nearer to each other than this are one, taken again: a cine's lie 5 mm apart and more."""
_WHOLE_SHARE = 0.7
"""Share of the usual number of images from which some that were taken together show a whole beat."""
_SAME_BEAT = 0.5
"""Share of the longer of two times that two takes of one beat have in common; halves of a beat have none."""
_TRIGGER, _POSITION, _NUMBER = range(3)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of each image of a slice; ``kind`` says what told it: only times of one kind compare."""

    kind: int
    moments: tuple[float, ...]

    @property
    def distinct(self) -> list[float]:
        """The times, each once, in order."""
        return sorted(set(self.moments))


def clock_of(numbers: Sequence[int], ordered: Sequence[Instance]) -> Clock | None:
    """Return the times of a slice's images, from whatever tells them apart; None where nothing does."""
    images = [ordered[number] for number in numbers]
    for kind, told in (
        (_TRIGGER, [image.trigger_time for image in images]),
        (_POSITION, [image.temporal_position for image in images]),
        (_NUMBER, [image.instance_number if image.cardiac_images else None for image in images]),
    ):
        known = tuple(value for value in told if value is not None)
        if len(known) == len(images) and len(set(known)) > 1:
            return Clock(kind, known)
    return None


def on_one_origin(clocks: Sequence[Clock | None], phases: int) -> list[Clock | None]:
    """Return clocks whose times begin with the beat; numbers of images run on from slice to slice.

    Where the whole slices show at which number a beat begins, an incomplete one is counted from there; where
    they do not, from its own first image.
    """
    whole = [clock.distinct for clock in clocks if clock is not None and clock.kind == _NUMBER]
    whole = [numbers for numbers in whole if len(numbers) == phases]
    runs = all(numbers[-1] - numbers[0] == phases - 1 for numbers in whole)
    begins = {numbers[0] % phases for numbers in whole}

    def begun(clock: Clock | None) -> Clock | None:
        if clock is None or clock.kind != _NUMBER:
            return clock
        if runs and len(begins) == 1:
            (first,) = begins
            return replace(clock, moments=tuple((moment - first) % phases for moment in clock.moments))
        return replace(clock, moments=tuple(moment - min(clock.moments) for moment in clock.moments))

    return [begun(clock) for clock in clocks]


def slices_of(ordered: Sequence[Instance]) -> list[list[int]] | None:
    """Return the numbers of each slice's images, in the order of slices; None where geometry is missing."""
    depths = depths_of(ordered)
    if depths is None:
        return None
    cosines = np.array(ordered[0].orientation)
    along = np.array([instance.position for instance in ordered]) @ np.cross(cosines[:3], cosines[3:])
    by_depth: dict[int, list[int]] = {}
    for number, depth in enumerate(depths):
        by_depth.setdefault(depth, []).append(number)
    slices: list[list[int]] = []
    for _, numbers in sorted(by_depth.items()):
        if slices and along[numbers[0]] - along[slices[-1][0]] < SAME_PLACE_MM:
            slices[-1].extend(numbers)
        else:
            slices.append(numbers)
    return slices


def last_takes(slices: Sequence[list[int]], ordered: Sequence[Instance]) -> list[list[int]]:
    """Return of each slice that was taken again as a whole the images of the last time, of others all.

    The beat has another length each time, so that images of two takes cannot be told apart by their times.
    """
    chosen = list(slices)
    for taken_with in (_acquisition, _series):
        parted = [_parted(numbers, ordered, taken_with) for numbers in chosen]
        usual, _ = Counter(max(map(len, takes)) for takes in parted).most_common(1)[0]
        chosen = [
            _last_whole(takes, ordered, usual) or numbers
            for takes, numbers in zip(parted, chosen, strict=True)
        ]
    return chosen


def _acquisition(instance: Instance) -> tuple[object, ...]:
    return instance.series_key, instance.acquisition_number


def _series(instance: Instance) -> tuple[object, ...]:
    return (instance.series_key,)


def _parted(
    numbers: Sequence[int], ordered: Sequence[Instance], taken_with: Callable[[Instance], tuple[object, ...]]
) -> list[list[int]]:
    takes: dict[tuple[object, ...], list[int]] = {}
    for number in numbers:
        takes.setdefault(taken_with(ordered[number]), []).append(number)
    return list(takes.values())


def _last_whole(takes: Sequence[list[int]], ordered: Sequence[Instance], usual: int) -> list[int] | None:
    """Return the last of several takes that each show the whole beat; None where there are not several."""
    whole = [take for take in takes if len(take) >= max(2, _WHOLE_SHARE * usual)]
    if len(whole) < 2 or not _of_one_beat(whole, ordered):
        return None
    return max(whole, key=lambda take: max(_taken_at(ordered[number]) for number in take))


def _of_one_beat(takes: Sequence[list[int]], ordered: Sequence[Instance]) -> bool:
    spans = []
    for take in takes:
        clock = clock_of(take, ordered)
        if clock is None:
            return False
        if clock.kind == _NUMBER:
            if len(take) < _WHOLE_SHARE * (ordered[take[0]].cardiac_images or 0):
                return False
            spans.append((0.0, clock.distinct[-1] - clock.distinct[0]))
        else:
            spans.append((clock.distinct[0], clock.distinct[-1]))
    shared = min(end for _, end in spans) - max(begin for begin, _ in spans)
    return shared >= _SAME_BEAT * max(end - begin for begin, end in spans)


def _taken_at(instance: Instance) -> tuple[object, ...]:
    known = (instance.series_number, instance.acquisition_number, instance.instance_number)
    return *(float("-inf") if value is None else value for value in known), natural_key(instance.shown)
