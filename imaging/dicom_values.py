"""Takes values out of a DICOM dataset without trusting any of them: wrong ones are None."""

import logging
import math
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imaging.charsets import decode_text

_lock = threading.Lock()
_depth = 0
_catcher: "warnings.catch_warnings[None] | None" = None


@contextmanager
def contained() -> Iterator[None]:
    """Keep pydicom's warnings and log lines (which quote values) from leaving this folder."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _depth, _catcher  # noqa: PLW0603  warning filters are the process's own, so is this count
    with _lock:
        if _depth == 0:
            logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
            _catcher = warnings.catch_warnings()
            _catcher.__enter__()
            warnings.simplefilter("ignore")
        _depth += 1


def _leave() -> None:
    global _depth, _catcher  # noqa: PLW0603
    with _lock:
        _depth -= 1
        if _depth == 0 and _catcher is not None:
            _catcher.__exit__(None, None, None)
            _catcher = None


def value(dataset: Dataset, keyword: str) -> Any:
    """Return the element's value as pydicom reads it; None where it is missing, empty or unreadable."""
    try:
        found = dataset.get(keyword)
    except Exception:  # noqa: BLE001  pydicom converts on access and may raise anything on a wrong value
        return None
    return None if found is None or (hasattr(found, "__len__") and len(found) == 0) else found


def raw(dataset: Dataset, keyword: str) -> bytes | None:
    """Return the element's bytes as they stand in the file, or re-encoded where they were read already."""
    try:
        element = dataset.get_item(keyword)
    except Exception:  # noqa: BLE001  as above
        return None
    content = getattr(element, "value", None)
    if isinstance(content, str):
        return content.encode("latin_1", "replace")
    original = getattr(content, "original_string", content)
    return original if isinstance(original, bytes) else None


def character_sets(dataset: Dataset) -> tuple[str, ...]:
    """Return the values of Specific Character Set."""
    content = raw(dataset, "SpecificCharacterSet")
    if content is None:
        found = value(dataset, "SpecificCharacterSet")  # pydicom has read several terms already
        return tuple(str(term).strip() for term in found) if isinstance(found, Sequence) else ()
    return tuple(part.strip() for part in content.decode("ascii", "replace").strip("\0 ").split("\\"))


def text(dataset: Dataset, keyword: str) -> str | None:
    """Return the first value as clean text."""
    found = texts(dataset, keyword)
    return found[0] or None if found else None


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return all values as clean text, empty ones too."""
    content = raw(dataset, keyword)
    if content is not None:
        return tuple(_clean(part) for part in decode_text(content, character_sets(dataset)).split("\\"))
    found = value(dataset, keyword)
    if found is None or isinstance(found, (bytes, Dataset)):
        return ()
    listed = [found] if isinstance(found, str) or not hasattr(found, "__iter__") else list(found)
    return tuple(_clean(str(part)) for part in listed)


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return all values as finite numbers, nothing where one of them is not."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    if isinstance(found, (str, bytes)) or not hasattr(found, "__iter__"):
        found = [found]
    try:
        plain = tuple(float(number) for number in found)
    except (TypeError, ValueError, OverflowError):
        return ()
    return plain if all(math.isfinite(number) for number in plain) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value as a finite number."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    """Return the first value as a whole number."""
    found = number(dataset, keyword)
    return int(found) if found is not None and abs(found) < 2**62 else None


def items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence, none where it is not one."""
    found = value(dataset, keyword)
    if found is None or isinstance(found, (str, bytes)):
        return ()
    try:
        return tuple(item for item in found if isinstance(item, Dataset))
    except TypeError:
        return ()


def word_bytes(dataset: Dataset, keyword: str) -> bytes | None:
    """Return the bytes of 16-bit words (VR OW) in little-endian order; pydicom leaves them as in the file.

    Source: DICOM PS3.5 section 7.3.
    """
    content = value(dataset, keyword)
    return little_endian_words(dataset, content) if isinstance(content, bytes) else None


def little_endian_words(dataset: Dataset, content: bytes) -> bytes:
    """Return ``content`` of ``dataset`` with its 16-bit words in little-endian order."""
    if dataset.original_encoding[1] is not False or len(content) % 2:
        return content
    swapped = bytearray(content)
    swapped[0::2], swapped[1::2] = content[1::2], content[0::2]
    return bytes(swapped)


def has(dataset: Dataset, tag: int) -> bool:
    """Return whether the element stands in the dataset at all."""
    return Tag(tag) in dataset


def _clean(content: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in content)
    return " ".join(printable.split())
