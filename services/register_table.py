"""Read a table of people from a CSV file as clinics save it: any of the usual encodings and separators."""

from __future__ import annotations

import codecs
import csv
import io
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.errors import RegisterFileError
from core.wording import say
from services.record_facts import fold

Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
Field = Literal["name", "family_name", "given_names", "id", "birth_date", "sex", "age_years"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
SEPARATORS = (",", ";", "\t", "|")
FIELDS: tuple[Field, ...] = ("name", "family_name", "given_names", "id", "birth_date", "sex", "age_years")
_FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
_LARGEST_BYTES = 20_000_000
_MOST_ROWS = 100_000
_MOST_COLUMNS = 200
_LOOKED_AT_ROWS = 200
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the line of the file that it begins on (from 1), and its cells."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it was read: how, its headings ("" where it has none), and its rows without them."""

    encoding: Encoding
    separator: str
    has_headings: bool
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(
    file: Path,
    *,
    encoding: Encoding | None = None,
    separator: str | None = None,
    has_headings: bool | None = None,
) -> Table:
    """Return the table of a file; what is not said is found out.

    Raises:
        RegisterFileError: it cannot be read, is no text, or no table; the detail says why.
    """
    content = _content(file)
    encoding = encoding or find_encoding(content)
    text = _decoded(content, encoding)
    named, text = _excel_line(text)
    separator = separator or named or find_separator(text)
    rows = _rows(text, separator)
    if not rows:
        raise _refusal("empty")
    width = max(len(row.cells) for row in rows)
    if width > _MOST_COLUMNS:
        raise _refusal("too_wide", most=_MOST_COLUMNS)
    rows = tuple(Row(line=row.line, cells=row.cells + ("",) * (width - len(row.cells))) for row in rows)
    if has_headings is None:
        has_headings = _looks_like_headings(rows)
    headings = rows[0].cells if has_headings else ("",) * width
    return Table(
        encoding=encoding,
        separator=separator,
        has_headings=has_headings,
        headings=headings,
        rows=rows[1:] if has_headings else rows,
    )


def find_encoding(content: bytes) -> Encoding:
    """Return how a text is encoded: by its mark, else by what it cannot be."""
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = content[:2000]
    if sample.count(0) > len(sample) // 5:  # Latin letters in two bytes each: every other one is zero
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def find_separator(text: str) -> str:
    """Return the separator that cuts the first rows into the same number of columns most often."""

    def score(separator: str) -> tuple[float, int]:
        widths = [len(row.cells) for row in _rows(text, separator, most=_LOOKED_AT_ROWS)]
        if not widths:
            return 0.0, 0
        width, count = Counter(widths).most_common(1)[0]
        return (count / len(widths), width) if width > 1 else (0.0, 1)

    return max(SEPARATORS, key=score)


def guess_columns(table: Table) -> dict[Field, int]:
    """Return which column holds what, by the headings; each column once."""
    found: dict[Field, int] = {}
    for field, words in register_words()["headings"].items():
        for column, heading in enumerate(table.headings):
            if column not in found.values() and _plain(heading) in words:
                found[field] = column
                break
    if "family_name" in found and "given_names" not in found and "name" not in found:
        found["name"] = found.pop("family_name")  # "Nom" alone is the whole name
    elif "given_names" in found and "family_name" not in found and "name" not in found:
        found["name"] = found.pop("given_names")  # and so is "Nombre"
    elif "name" in found and "given_names" in found and "family_name" not in found:
        found["family_name"] = found.pop("name")
    return found


@cache
def register_words() -> Mapping[str, Any]:
    """Return the table of headings and words."""
    return tomllib.loads(Path(__file__).with_name("register_words.toml").read_text(encoding="utf-8"))


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise _refusal("too_large", most=_LARGEST_BYTES // 1_000_000)
        content = file.read_bytes()
    except OSError as error:
        raise _refusal("unreadable") from error
    if content.startswith((_ZIP, _OLD_OFFICE)):
        raise _refusal("spreadsheet")
    return content


def _decoded(content: bytes, encoding: Encoding) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refusal("encoding") from error
    if any(sign < " " and sign not in "\t\r\n\f" for sign in text):
        raise _refusal("binary")
    return text.removeprefix("\ufeff")


def _excel_line(text: str) -> tuple[str | None, str]:
    """Return the separator that a first line of Excel names (``sep=;``), and the text without it."""
    first, _, rest = text.partition("\n")
    stripped = first.strip()
    if stripped.casefold().startswith("sep=") and len(stripped) == 5:
        return stripped[4], "\n" + rest
    return None, text


def _rows(text: str, separator: str, most: int = _MOST_ROWS) -> tuple[Row, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    rows: list[Row] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(
                    Row(line=begins, cells=tuple(_unescaped(" ".join(cell.split())) for cell in cells))
                )
            begins = reader.line_num + 1
            if len(rows) >= most:
                break
        else:
            return tuple(rows)
    except csv.Error as error:
        raise _refusal("table") from error
    if most == _MOST_ROWS and next(reader, None) is not None:
        raise _refusal("too_long", most=_MOST_ROWS)
    return tuple(rows)


def escaped(cell: str) -> str:
    """Return a cell as it is written for a spreadsheet, which would run what begins like a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection (an apostrophe makes it text).
    """
    return f"'{cell}" if _runs(cell.lstrip("'")) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _runs(cell.lstrip("'")) else cell


def _runs(cell: str) -> bool:
    return cell != "" and cell[0] in _FORMULA_SIGNS and not _is_number(cell)


def _is_number(cell: str) -> bool:
    return cell[:1] in "+-" and cell[1:].replace(",", ".", 1).replace(".", "", 1).isdecimal()


def _looks_like_headings(rows: tuple[Row, ...]) -> bool:
    known = {word for words in register_words()["headings"].values() for word in words}
    first = [_plain(cell) for cell in rows[0].cells]
    if any(cell in known for cell in first):
        return True
    has_digits = any(sign.isdigit() for cell in first for sign in cell)
    return not has_digits and any(sign.isdigit() for row in rows[1:6] for cell in row.cells for sign in cell)


def _plain(heading: str) -> str:
    return " ".join(fold(heading).replace("_", " ").replace("º", "").replace("°", "").strip(" :*").split())


def _refusal(why: str, **values: Any) -> RegisterFileError:
    return RegisterFileError(say(f"register.refusal.{why}", **values))
