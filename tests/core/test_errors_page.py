"""docs/errors.md lists every error, in the words that the user reads."""

import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import FarlightError
from core.wording import say

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def _all(error: type[FarlightError]) -> Iterator[type[FarlightError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from _all(narrower)


ERRORS = [error for error in _all(FarlightError) if error.__module__ == "core.errors"]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"E\d{3}", code) for code in codes)


def test_the_page_lists_every_error_in_order_with_its_words() -> None:
    expected = [
        f"| {error.code} | {say(f'errors.{error.code}.title')} | {say(f'errors.{error.code}.hint')} |"
        for error in sorted(ERRORS, key=lambda error: error.code)
    ]
    assert [line for line in PAGE.splitlines() if re.match(r"\| E\d", line)] == expected


def test_a_code_lies_in_the_range_of_its_family() -> None:
    for error in ERRORS:
        family = error.__mro__[1]
        if family is not FarlightError and issubclass(family, FarlightError):
            assert error.code[:2] == family.code[:2]
