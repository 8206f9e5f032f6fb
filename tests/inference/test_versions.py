"""Versions and ranges."""

import pytest

from inference.versions import Version, VersionRange


def test_versions_count_up_by_number_and_not_by_letter() -> None:
    assert Version.parse("1.10.0") > Version.parse("1.9.9")
    assert str(Version.parse("0.12.3")) == "0.12.3"


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.-1", "1.0.٣"]
)
def test_refuses_what_is_not_three_plain_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=1.0.0,<2.0.0", ["1.0.0", "1.99.0"], ["0.9.9", "2.0.0"]),
        ("==1.2.3", ["1.2.3"], ["1.2.4"]),
        (">1.0.0, <=1.5.0", ["1.0.1", "1.5.0"], ["1.0.0", "1.5.1"]),
    ],
)
def test_a_range_holds_what_lies_between_its_bounds(text: str, inside: list[str], outside: list[str]) -> None:
    versions = VersionRange.parse(text)
    assert all(Version.parse(version) in versions for version in inside)
    assert not any(Version.parse(version) in versions for version in outside)


@pytest.mark.parametrize("text", ["", "1.0.0", "~=1.0.0", ">=1.0", ">=1.0.0,", "*"])
def test_refuses_what_is_not_a_range(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        VersionRange.parse(text)
