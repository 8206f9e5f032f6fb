"""A picture without a header belongs to the models that knew it: the others' refusals say nothing of it."""

from pathlib import Path

import pytest

from core.result import ModelStamp, PackClass, PackResult, QualityCheck, Refusal, Status
from inference.packs import PackLibrary
from services.other_kind import Kind, kind_of, without_contradicted, without_other_kinds

CHEST = Kind(modalities=frozenset(("DX", "CR")), parts=frozenset(("CHEST",)))
KINDS = {
    "lungs": CHEST,
    "child": CHEST,
    "tb": CHEST,
    "breast": Kind(modalities=frozenset(("US",))),
    "cell": Kind(modalities=frozenset(("GM",)), parts=frozenset(("BLOOD",))),
    "tile": Kind(modalities=frozenset(("GM",)), parts=frozenset(("LUNG",))),
    "sibling": Kind(modalities=frozenset(("GM",)), parts=frozenset(("COLON",))),
    "risk": Kind(modalities=frozenset()),
}
DEMONSTRATIONS = ("tb", "tile", "sibling")


def said(pack_id: str, status: Status, gate: str = "familiarity", *, skipped: bool = False) -> PackResult:
    """Return an answer, or a refusal by one gate, and perhaps for the colour too."""
    pack_class: PackClass = "demonstration" if pack_id in DEMONSTRATIONS else "research"
    stamp = ModelStamp(pack_id=pack_id, version="1.0.0", sha256="0", pack_class=pack_class)
    refused = status == "refused"
    colour = QualityCheck(name="Colour", outcome="refused", text="x", gate="colour")
    return PackResult(
        stamp=stamp,
        title=pack_id,
        status=status,
        seconds=0,
        refusal=Refusal(gate=gate.partition("+")[0], reason="x", advice="x") if refused else None,
        gates_skipped=skipped,
        quality=(colour,) if refused and "colour" in gate else (),
    )


@pytest.mark.parametrize(
    ("results", "kept"),
    [
        ((said("lungs", "ok"), said("cell", "refused")), ["lungs"]),
        ((said("lungs", "ok"), said("child", "refused", "age")), ["lungs", "child"]),
        ((said("lungs", "ok"), said("cell", "refused", "failed")), ["lungs", "cell"]),
        ((said("lungs", "refused"), said("cell", "refused")), ["lungs", "cell"]),
        ((said("lungs", "refused"), said("risk", "ok")), ["lungs", "risk"]),
        ((said("lungs", "ok"), said("risk", "refused", "inputs")), ["lungs", "risk"]),
        ((said("lungs", "ok", skipped=True), said("cell", "refused")), ["lungs", "cell"]),
    ],
)
def test_a_refusal_is_dropped_only_where_a_model_of_another_kind_answered(
    results: tuple[PackResult, ...], kept: list[str]
) -> None:
    assert [one.stamp.pack_id for one in without_other_kinds(results, KINDS)] == kept


@pytest.mark.parametrize(
    ("results", "kept"),
    [
        ((said("lungs", "refused", "colour"), said("tile", "ok")), ["tile"]),
        ((said("child", "refused", "upstream+colour"), said("tile", "ok")), ["tile"]),
        (
            (said("breast", "refused", "colour"), said("tile", "ok"), said("sibling", "ok")),
            ["tile", "sibling"],
        ),
        ((said("lungs", "refused", "exposure"), said("tile", "ok")), ["lungs", "tile"]),
        ((said("lungs", "refused"), said("tile", "ok")), ["lungs", "tile"]),
        ((said("lungs", "refused", "failed"), said("tile", "ok")), ["lungs", "tile"]),
        ((said("cell", "refused", "colour"), said("tile", "ok")), ["cell", "tile"]),
        ((said("sibling", "refused"), said("tile", "ok")), ["sibling", "tile"]),
        ((said("child", "refused", "colour"), said("tb", "ok")), ["child", "tb"]),
        (
            (said("child", "refused", "age"), said("tb", "ok"), said("breast", "refused")),
            ["child", "tb", "breast"],
        ),
        ((said("lungs", "refused", "colour"), said("tile", "ok", skipped=True)), ["lungs", "tile"]),
    ],
)
def test_where_a_demonstration_alone_answered_only_refusals_of_another_modality_for_the_colour_are_dropped(
    results: tuple[PackResult, ...], kept: list[str]
) -> None:
    assert [one.stamp.pack_id for one in without_other_kinds(results, KINDS)] == kept


def test_a_demonstration_s_refusal_goes_where_a_relied_on_model_knew_another_part_of_the_body() -> None:
    tile = (said("cell", "ok"), said("tile", "refused"))
    assert [one.stamp.pack_id for one in without_other_kinds(tile, KINDS)] == ["cell"]
    same = (said("lungs", "ok"), said("tb", "refused", "age"))
    assert without_other_kinds(same, KINDS) == same


@pytest.mark.parametrize(
    ("results", "silent"),
    [
        ((said("lungs", "ok"), said("tile", "ok")), ["tile"]),
        ((said("cell", "ok"), said("tile", "ok"), said("sibling", "ok")), ["tile", "sibling"]),
        ((said("lungs", "ok"), said("tb", "ok")), []),
        ((said("tile", "ok"), said("sibling", "ok")), []),
        ((said("lungs", "ok"), said("breast", "ok")), []),
        ((said("lungs", "refused"), said("tile", "ok")), []),
        ((said("risk", "ok"), said("tile", "ok")), []),
        ((said("lungs", "ok", skipped=True), said("tile", "ok", skipped=True)), []),
    ],
)
def test_a_demonstration_is_silent_where_a_relied_on_model_knew_the_picture_as_of_another_kind(
    results: tuple[PackResult, ...], silent: list[str]
) -> None:
    told = without_contradicted(results, KINDS)
    assert [one.stamp.pack_id for one in told] == [one.stamp.pack_id for one in results]
    refused = [one for one, before in zip(told, results, strict=True) if one != before]
    assert [one.stamp.pack_id for one in refused] == silent
    for one in refused:
        assert one.status == "refused"
        assert one.refusal is not None
        assert one.refusal.gate == "other_kind"
        assert results[0].title in one.refusal.reason


def test_the_installed_packs_tell_chests_tissue_and_blood_apart() -> None:
    library = PackLibrary([Path(__file__).parents[2] / "models"])
    kinds = {entry.id: kind_of(library.get(entry.id).manifest) for entry in library.entries()}
    lungs = kinds["chest-lungs"]
    assert not lungs.is_other_than(kinds["chest-tb-adult"])
    assert not lungs.is_other_than(kinds["chest-pneumonia-child"])
    apart = ("chest-lungs", "breast-ultrasound", "malaria-cell", "biopsy-lung", "cardiac-cine")
    for first in apart:
        assert [other for other in apart if not kinds[first].is_other_than(kinds[other])] == [first]
