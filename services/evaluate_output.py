"""Write what was measured of a pack: card, figures, reliability pictures, list of images, manifest."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import OutputNotWritableError, PackNotChangedError
from core.wording import say
from services.calibrate_pack import LabelScale, manifest_text
from services.evaluate_ask import Answer

if TYPE_CHECKING:
    from inference.packs import Pack

FIGURES, IMAGES = "figures.json", "images.csv"
_FORMULA = ("=", "+", "-", "@", "\t")
"""A spreadsheet would run a cell that begins so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All figures as ``figures.json`` holds them, and the scales that they were measured with."""

    measured: Mapping[str, Any]
    scales: tuple[LabelScale, ...]


def write_all(
    pack: "Pack", result: Result, answers: Sequence[Answer], out: Path, *, into_pack: bool
) -> Path | None:
    """Write the output folder and, where asked, what belongs into the pack's own; return that one.

    Raises:
        OutputNotWritableError: the output could not be written.
        PackNotChangedError: the pack cannot be changed, or not safely.
    """
    files = _files(pack, result, wholly_by_hand=False)
    new_manifest = _new_manifest(pack, result) if into_pack else None
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _replace(out / name, content)
        _replace(out / IMAGES, _image_list(result.scales, answers))
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    if new_manifest is None:
        return None
    _change_pack(pack, new_manifest, _files(pack, result, wholly_by_hand=True))
    return pack.folder


def _files(pack: "Pack", result: Result, *, wholly_by_hand: bool) -> dict[str, bytes]:
    """Return card, figures and reliability pictures by name.

    ``wholly_by_hand`` keeps a card without markers as the hand-written part of the new one.
    """
    from evaluation.card import BEGIN, card
    from evaluation.plot import reliability_png

    earlier = pack.read("card.md").decode("utf-8", "replace")
    if not wholly_by_hand and BEGIN not in earlier:
        earlier = ""
    files = {
        FIGURES: (json.dumps(result.measured, indent=1, ensure_ascii=True) + "\n").encode(),
        "card.md": card(_card_facts(pack), result.measured, earlier).encode(),
    }
    for entry in result.measured["labels"]:
        if entry.get("reliability"):
            files[f"reliability-{entry['code']}.png"] = reliability_png(entry["reliability"], entry["title"])
    return files


def _card_facts(pack: "Pack") -> Any:
    from evaluation.card import CardFacts

    manifest = pack.manifest
    return CardFacts(
        id=pack.id,
        version=str(manifest.version),
        title=manifest.title,
        pack_class=manifest.pack_class,
        intended_use=manifest.intended_use,
        not_for=manifest.not_for,
        weak_where=manifest.weak_where,
        not_looked_for=manifest.not_looked_for,
        licence=manifest.licence.spdx,
        attribution=manifest.licence.attribution,
        training_text=manifest.training_data.text,
        training_population=manifest.training_data.population,
    )


def _new_manifest(pack: "Pack", result: Result) -> str:
    """Return the pack's manifest with what was measured, checked before anything is written."""
    from inference.manifest_reader import parse_manifest
    from inference.packs import decoded, read_manifest_bytes

    maps = {
        entry["code"]: bool(entry["map_quality"]["passes"])
        for entry in result.measured["labels"]
        if entry.get("map_quality") and "passes" in entry["map_quality"]
    }
    text = decoded(read_manifest_bytes(pack.folder))
    changed = manifest_text(text, result.scales, result.measured["figures"], maps)
    parse_manifest(changed, with_files=False)
    return changed


def _change_pack(pack: "Pack", manifest: str, files: Mapping[str, bytes]) -> None:
    from inference.build import write_checksums

    try:
        for name, content in {**files, "pack.toml": manifest.encode()}.items():
            _replace(pack.folder / name, content)
    except OSError as error:
        raise PackNotChangedError(say("evaluation.change.unwritable", name=pack.id)) from error
    write_checksums(pack.folder)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)


def _image_list(scales: Sequence[LabelScale], answers: Sequence[Answer]) -> bytes:
    """Return the list of images as CSV: what is true of each, and what the pack said."""
    from inference.calibration import calibrated, position_of

    codes = list(dict.fromkeys([*(s.code for s in scales), *(c for a in answers for c in a.dice)]))
    by_code = {scale.code: scale for scale in scales}
    columns = ("truth", "probability", "low", "high", "position", "dice")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    of_labels = [f"{code}_{name}" for code in codes for name in columns]
    writer.writerow(["file", "patient", "part", "refused_by", "error", *of_labels])
    for answer in sorted(answers, key=lambda each: each.image.line):
        image = answer.image
        row: list[object] = [image.name, image.patient, image.part, answer.gate, answer.unread]
        for code in codes:
            logit = answer.logits.get(code)
            cells: list[object] = ["", "", "", ""]
            if logit is not None and code in by_code:
                value = calibrated(by_code[code].calibration, logit)
                cells = [f"{each:.6f}" for each in value]
                cells.append(position_of(value, by_code[code].threshold))
            overlap = answer.dice.get(code)
            row += [image.truth.get(code, ""), *cells, "" if overlap is None else f"{overlap:.4f}"]
        writer.writerow([_cell(value) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
