"""Pack files as a maker would hand them out, from the toy packs, and a desk that takes them."""

import shutil
from pathlib import Path

from inference.build import build_pack
from inference.signature import PublicKey, public_key_of

PRIVATE = bytes(range(32))
MAKER = PublicKey(name="Ministry of Health", key=public_key_of(PRIVATE))
ACCEPTANCE = 'attribution = "nobody"\nacceptance = true'


def pack_file(
    toys: Path, out: Path, pack: str, version: str, *changes: tuple[str, str], key: bytes | None = PRIVATE
) -> Path:
    """Return a pack file of a toy pack with another version and other words in its manifest."""
    folder = out / f"{pack}-{version}-source" / pack
    shutil.copytree(toys / pack, folder)
    text = (folder / "pack.toml").read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if line.startswith("version = "))
    for written, instead in ((old, f'version = "{version}"'), *changes):
        assert written in text
        text = text.replace(written, instead)
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    return build_pack(folder, out, private_key=key)
