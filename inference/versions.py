"""Versions of packs (MAJOR.MINOR.PATCH) and the ranges in which a dependency may lie."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")
_BOUND = re.compile(r"(>=|<=|==|>|<)\s*(\S+)")
_COMPARE: dict[str, Callable[["Version", "Version"], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of three numbers, ordered as they count up."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read ``1.2.3``.

        Raises:
            ValueError: the text is not three plain numbers.
        """
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a version such as '1.0.0'")
        return cls(*(int(part) for part in match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Bounds that must all hold; ``text`` is what the manifest wrote."""

    text: str
    bounds: tuple[tuple[str, Version], ...]

    @classmethod
    def parse(cls, text: str) -> "VersionRange":
        """Read ``>=1.0.0,<2.0.0``.

        Raises:
            ValueError: a bound is not a comparison with a version.
        """
        bounds = []
        for part in text.split(","):
            match = _BOUND.fullmatch(part.strip())
            if match is None:
                raise ValueError(f"{text!r} is not a range such as '>=1.0.0,<2.0.0'")
            bounds.append((match[1], Version.parse(match[2])))
        return cls(text, tuple(bounds))

    def __contains__(self, version: Version) -> bool:
        return all(_COMPARE[sign](version, bound) for sign, bound in self.bounds)
