"""Begin a pack from a model of other hands: look into it in a child process, write a folder to fill in."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.child import start_child, streams_of
from core.errors import (
    Cancelled,
    DraftFolderError,
    EngineError,
    EngineMissingError,
    InferenceError,
    ManifestError,
    ModelInspectionError,
    ModelLoadError,
    UnknownModelError,
)
from core.wording import say
from services.progress import IsCancelled, never

if TYPE_CHECKING:
    from inference.draft_facts import DraftFacts

MEMORY_BYTES = 4 << 30
SECONDS = 300.0
_ASKS_EVERY_S = 0.1
_LONGEST_LABELS = 1 << 20
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ERRORS = {
    error.code: error
    for error in (UnknownModelError, ModelLoadError, InferenceError, EngineMissingError, EngineError)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWishes:
    """What the maker of a pack says besides the file; None is left to what the file shows."""

    pack_id: str | None = None
    size: tuple[int, int] | None = None
    task: Literal["classify", "segment", "detect"] | None = None
    output: str | None = None
    labels: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDraft:
    """A folder that was begun: what was found, and each field that is still missing with what it needs."""

    pack_id: str
    folder: Path
    task: str
    runs: bool
    found: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def draft_pack(
    model: Path, out: Path, wishes: DraftWishes | None = None, *, cancelled: IsCancelled = never
) -> PackDraft:
    """Look into a model file and write ``out/<id>`` with what could be found.

    Raises:
        UnknownModelError: no pack can be made of the file.
        ModelInspectionError: the child process that looked into it died.
        DraftFolderError: the folder is there already, or cannot be written.
        EngineError: the model is not safe to load, or no engine runs it.
        Cancelled: the user stopped it.
    """
    asked = wishes or DraftWishes()
    pack_id = asked.pack_id or id_from(model)
    if not _ID.fullmatch(pack_id) or len(pack_id) > 64:
        raise ManifestError(f"id: {pack_id!r:.60} must be lower-case words joined by hyphens")
    folder = out / pack_id
    if folder.exists():
        raise DraftFolderError(f"{folder.name} is there already")
    titles = _titles(asked.labels)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=out) as place:
            begun = Path(place) / pack_id
            begun.mkdir()
            facts = _look_in_child(model, begun, asked, cancelled)
            draft = _written(facts, titles, begun, pack_id, model.name)
            shutil.move(begun, folder)
    except OSError as error:
        raise DraftFolderError(f"{folder.name} cannot be written: {error.strerror}") from error
    return PackDraft(
        pack_id=pack_id,
        folder=folder,
        task=facts.task,
        runs=facts.task != "detect",
        found=facts.rows,
        missing=draft,
        files=tuple(sorted(path.name for path in folder.iterdir())),
    )


def id_from(model: Path) -> str:
    """Return a pack id made of a file's name."""
    words = [word for word in re.findall(r"[a-z0-9]+", model.stem.lower()) if word]
    text = "-".join(words)[:64].strip("-")
    return text if text[:1].isalpha() else f"pack-{text}".strip("-")[:64]


def _titles(labels: Path | None) -> tuple[str, ...]:
    if labels is None:
        return ()
    try:
        text = labels.read_bytes()[:_LONGEST_LABELS].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownModelError("the file of labels cannot be read as UTF-8 text") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _written(
    facts: "DraftFacts", titles: Sequence[str], folder: Path, pack_id: str, source: str
) -> tuple[tuple[str, str], ...]:
    """Write manifest and card; return what is missing."""
    from dataclasses import replace

    from inference.draft_manifest import draft_text, missing_fields
    from inference.manifest import CARD_NAME, LICENCE_NAME, MANIFEST_NAME

    if titles and len(titles) != facts.columns:
        raise UnknownModelError(f"{len(titles)} labels were given, the model returns {facts.columns}")
    known = replace(facts, class_names=tuple(titles) or facts.class_names)
    text = draft_text(known, pack_id, source)
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8", newline="\n")
    card = _template().replace("{id}", pack_id).replace("{source}", source)
    (folder / CARD_NAME).write_text(card, encoding="utf-8", newline="\n")
    if facts.task == "detect":
        return ()
    return (*missing_fields(text), (LICENCE_NAME, say("packs_new.need.licence_file")))


def _template() -> str:
    return Path(__file__).with_name("card_template.md").read_text(encoding="utf-8")


def _look_in_child(model: Path, folder: Path, wishes: DraftWishes, cancelled: IsCancelled) -> "DraftFacts":
    from inference.drafting import ARGUMENT, MEMORY_VARIABLE, facts_from

    order = {
        "model": str(model.absolute()),
        "folder": str(folder.absolute()),
        "size": wishes.size,
        "task": wishes.task,
        "output": wishes.output,
    }
    child = start_child(
        "inference.drafting", ARGUMENT, stderr=subprocess.DEVNULL, **{MEMORY_VARIABLE: str(MEMORY_BYTES)}
    )
    try:
        answer = _answer(child, json.dumps(order).encode() + b"\n", cancelled)
    finally:
        child.kill()
        child.wait()
        for stream in streams_of(child):
            stream.close()
    return facts_from(_said(answer)["facts"])


def _answer(child: "subprocess.Popen[bytes]", order: bytes, cancelled: IsCancelled) -> bytes:
    """Return what the child said until its end."""
    request: bytes | None = order
    end = time.monotonic() + SECONDS
    while True:
        try:
            return child.communicate(request, timeout=_ASKS_EVERY_S)[0]
        except subprocess.TimeoutExpired:
            request = None
        if cancelled():
            raise Cancelled
        if time.monotonic() > end:
            raise ModelInspectionError(f"it took longer than {SECONDS:g} seconds")


def _said(answer: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError as error:
        raise ModelInspectionError("it ended without an answer") from error
    if "error" in said:
        raise _ERRORS.get(said["error"], UnknownModelError)(str(said.get("detail", "")))
    return dict(said)
