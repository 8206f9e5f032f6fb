"""Names that are planted in what is opened and typed, and the search for them in whatever was written."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

LATIN = "Zawadië Wanjikũ Plañtedname"
CHINESE = "植名小梅花"
APOSTROPHE = "Ng'ang'aplant O'Plantedson"
NAMES = (LATIN, CHINESE, APOSTROPHE)
NUMBER = "PLANT-4711"
WORDS = (*(word for name in NAMES for word in name.split()), NUMBER, "SAMPLE^Study")
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1", "gb18030")
_SHORTEST = 5


def forms(word: str) -> Iterator[bytes]:
    """Yield a word as files write it, in small letters: encodings, escapes, addresses."""
    quoted = urllib.parse.quote(word)
    spelled = {
        word, word.upper(), word.lower(), quoted, urllib.parse.quote(word, safe="'"), html.escape(word),
        word.replace("'", "''"), word.replace("'", "\\'"), word.replace("'", "&#39;"), json.dumps(word)[1:-1],
        word.encode("unicode_escape").decode(), "".join(f"\\u{ord(sign):04x}" for sign in word),
        "".join(chr(one) if one < 128 else f"\\{one:03o}" for one in word.encode()),
    }  # fmt: skip
    for text in spelled:
        for encoding in _ENCODINGS:
            try:
                yield text.encode(encoding).lower()
            except UnicodeEncodeError:
                continue
        yield text.encode().hex().encode()


def in_base64(word: str) -> Iterator[bytes]:
    """Yield what of a word stands in base64 wherever in a text it begins."""
    for encoding in ("utf-8", "utf-16-le"):
        content = word.encode(encoding)
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + content)
            whole = len(content) + before
            inside = coded[(before * 8 + 5) // 6 : whole * 8 // 6]
            yield inside
            yield inside.translate(bytes.maketrans(b"+/", b"-_"))


def planted_in(content: bytes) -> set[str]:
    """Return the planted words that stand in a file's content; also in what is packed in it as zip."""
    lowered = content.lower()
    found = {word for word in WORDS if any(form in lowered for form in _LOWERED[word])}
    found |= {word for word in WORDS if any(form in content for form in _CODED[word])}
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                found |= planted_in(name.encode()) | planted_in(archive.read(name))
    return found


def planted_under(*folders: Path) -> list[str]:
    """Return where a planted word stands below folders, in the name of a file or in it."""
    found: list[str] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            words = planted_in(os.fsencode(str(path.relative_to(folder))))
            if path.is_symlink():
                words |= planted_in(os.fsencode(path.readlink()))
            elif path.is_file():
                words |= planted_in(path.read_bytes())
            found.extend(f"{path}: {word}" for word in sorted(words))
    return found


_LOWERED = {word: {form for form in forms(word) if len(form) >= _SHORTEST} for word in WORDS}
_CODED = {word: set(in_base64(word)) for word in WORDS}
