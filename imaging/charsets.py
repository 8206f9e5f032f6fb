"""Decodes text in every character set that DICOM allows.

Source: DICOM PS3.3 C.12.1.1.2 (defined terms), PS3.5 section 6.1 (code extension after ISO 2022).
"""

import re
from collections.abc import Sequence

_SINGLE = {
    "100": "latin_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "144": "iso8859_5",
    "127": "iso8859_6",
    "126": "iso8859_7",
    "138": "iso8859_8",
    "148": "iso8859_9",
    "203": "iso8859_15",
    "166": "cp874",
    "13": "jisx0201",
    "149": "euc_kr",
    "58": "gb2312",
}
_STAND_ALONE = {"192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
_ESCAPES = {
    b"(B": (0, "ascii"),
    b"(J": (0, "jisx0201"),
    b"$B": (0, "jisx0208"),
    b"$@": (0, "jisx0208"),
    b"$(D": (0, "jisx0212"),
    b")I": (1, "jisx0201"),
    b"-A": (1, "latin_1"),
    b"-B": (1, "iso8859_2"),
    b"-C": (1, "iso8859_3"),
    b"-D": (1, "iso8859_4"),
    b"-F": (1, "iso8859_7"),
    b"-G": (1, "iso8859_6"),
    b"-H": (1, "iso8859_8"),
    b"-L": (1, "iso8859_5"),
    b"-M": (1, "iso8859_9"),
    b"-T": (1, "cp874"),
    b"-b": (1, "iso8859_15"),
    b"$)C": (1, "euc_kr"),
    b"$)A": (1, "gb2312"),
}
_ESCAPE = re.compile(rb"\x1b(\([BJ]|\$[@B]|\$\(D|\)I|-[A-DFGHLMTb]|\$\)[CA])")
_RUNS = re.compile(rb"[\x80-\xff]+|[\x00-\x7f]+")
_TERM_NUMBER = re.compile(r"(\d+)\s*$")


def decode_text(raw: bytes, character_sets: Sequence[str] = (), delimiters: bytes = b"\\\r\n\f\t") -> str:
    """Return ``raw`` as text; what cannot be read becomes U+FFFD, nothing raises.

    ``character_sets`` are the values of Specific Character Set (0008,0005); code extensions end at a
    delimiter. Undeclared text that is valid UTF-8 is read as such, and as Latin-1 otherwise.
    """
    terms = [_python_name(term) for term in character_sets]
    first = terms[0] if terms else None
    if first in _STAND_ALONE.values():
        return raw.decode(str(first), "replace")
    if b"\x1b" in raw:
        return _decode_extended(raw, first, delimiters)
    if raw.isascii():
        return raw.decode("ascii")
    declared = [name for name in terms if name is not None]
    if not declared:
        return _decode_undeclared(raw)
    return _decode_high(raw, declared[0])


def _python_name(term: str) -> str | None:
    """Return the codec of a defined term however it was spelled; None is the default repertoire."""
    upper = term.strip().upper()
    if "UTF" in upper:
        return "utf_8"
    if "GB18030" in upper:
        return "gb18030"
    if "GBK" in upper:
        return "gbk"
    match = _TERM_NUMBER.search(upper)
    number = match.group(1) if match else ""
    return _STAND_ALONE.get(number) or _SINGLE.get(number)


def _decode_undeclared(raw: bytes) -> str:
    try:
        return raw.decode("utf_8")
    except UnicodeDecodeError:
        return raw.decode("latin_1")


def _decode_extended(raw: bytes, first: str | None, delimiters: bytes) -> str:
    """Decode piece by piece: low bytes by the set in G0, high bytes by the set in G1."""
    initial = ("ascii", first or "latin_1")
    sets = list(initial)
    text: list[str] = []
    at = 0
    for match in [*_ESCAPE.finditer(raw), None]:
        end = match.start() if match else len(raw)
        text.append(_decode_piece(raw[at:end], sets, initial, delimiters))
        if match:
            side, name = _ESCAPES[match.group(1)]
            sets[side] = name
            at = match.end()
    return "".join(text).replace("\x1b", "")


def _decode_piece(piece: bytes, sets: list[str], initial: tuple[str, str], delimiters: bytes) -> str:
    text: list[str] = []
    for run in _RUNS.findall(piece):
        if run[0] >= 0x80:
            text.append(_decode_high(run, sets[1]))
        elif sets[0] in ("jisx0208", "jisx0212"):
            text.append(_decode_pairs(run, sets[0]))
        else:
            text.append(run.decode("ascii"))
            if any(byte in delimiters for byte in run):
                sets[:] = initial
    return "".join(text)


def _decode_pairs(run: bytes, name: str) -> str:
    """Decode two-byte codes that stand in the low half (JIS X 0208, 0212)."""
    high = bytes(byte | 0x80 for byte in run)
    if name == "jisx0208":
        return high.decode("euc_jp", "replace")
    return b"".join(b"\x8f" + high[n : n + 2] for n in range(0, len(high), 2)).decode("euc_jp", "replace")


def _decode_high(raw: bytes, name: str) -> str:
    if name == "jisx0201":
        return "".join(chr(byte + 0xFEC0) if 0xA1 <= byte <= 0xDF else _ascii(byte) for byte in raw)
    return raw.decode(name, "replace")


def _ascii(byte: int) -> str:
    return chr(byte) if byte < 0x80 else "\ufffd"
