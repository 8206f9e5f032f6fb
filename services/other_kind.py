"""What models say of pictures of another kind than their own, where another model has recognised the kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.result import PackResult, Refusal
from core.wording import say

if TYPE_CHECKING:
    from inference.manifest import Manifest

_FAILED: Final = "failed"
_BLOOD: Final = "BLOOD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Which images a model reads: none for values; without parts, of any part of the body."""

    modalities: frozenset[str]
    parts: frozenset[str] = frozenset()

    def is_other_than(self, kind: "Kind") -> bool:
        """Whether no picture is of both kinds."""
        if not self.modalities & kind.modalities:
            return True
        return bool(self.parts and kind.parts) and not self.parts & kind.parts


def kind_of(manifest: "Manifest") -> Kind:
    """Return what a model reads; one that counts the cells of a smear reads blood, which no header names."""
    parts = frozenset(manifest.applies.body_parts)
    if not parts and manifest.counting is not None:
        parts = frozenset((_BLOOD,))
    return Kind(modalities=frozenset(manifest.applies.modalities), parts=parts)


def without_contradicted(results: Sequence[PackResult], kinds: Mapping[str, Kind]) -> tuple[PackResult, ...]:
    """Return results in which no demonstration answers on what a model that is no demonstration knew.

    Demonstrations recognise their own kind less surely: where such a one, and a model that people may rely
    on, both take a picture for theirs and it cannot be of both kinds, the demonstration is silent.
    """
    knew = [one for one in results if _recognised(one, kinds) and not _is_demonstration(one)]
    return tuple(_silenced(one, knew, kinds) for one in results)


def without_other_kinds(results: Sequence[PackResult], kinds: Mapping[str, Kind]) -> tuple[PackResult, ...]:
    """Return results without the refusals of models that are for other kinds of images.

    For pictures whose file does not name its kind: every model is asked, and what answered tells the kind.
    A refusal stays where the model failed, and where it reads the modality of one that answered; but a
    demonstration's goes also where the two are for other parts of the body. Where only demonstrations
    answered, no more goes than what was refused for its colour, which is seen for certain.
    """
    answered = [one for one in results if _recognised(one, kinds)]
    knew = [kinds[_id(one)] for one in answered if not _is_demonstration(one)]
    shown = [kinds[_id(one)] for one in answered if _is_demonstration(one)]

    def says_nothing(one: PackResult) -> bool:
        kind = kinds[_id(one)]
        if one.status != "refused" or one.refusal is None or one.refusal.gate == _FAILED:
            return False
        if not kind.modalities or any(kind.modalities & other.modalities for other in shown):
            return False
        if not knew:
            return bool(shown) and _is_of_other_colour(one)
        if _is_demonstration(one):
            return all(kind.is_other_than(other) for other in knew)
        return not any(kind.modalities & other.modalities for other in knew)

    return tuple(one for one in results if not says_nothing(one))


def _silenced(one: PackResult, knew: Sequence[PackResult], kinds: Mapping[str, Kind]) -> PackResult:
    if not _is_demonstration(one) or not _recognised(one, kinds):
        return one
    kind = kinds[_id(one)]
    known_as = next((other for other in knew if kind.is_other_than(kinds[_id(other)])), None)
    if known_as is None:
        return one
    refusal = Refusal(
        gate="other_kind",
        reason=say("services.result.other_kind", title=known_as.title),
        advice=say("services.result.other_kind_advice"),
    )
    return PackResult(
        stamp=one.stamp,
        title=one.title,
        status="refused",
        seconds=one.seconds,
        refusal=refusal,
        quality=one.quality,
    )


def _recognised(one: PackResult, kinds: Mapping[str, Kind]) -> bool:
    """Whether a model that looks at images answered, and its gates took the picture for its kind."""
    return one.status == "ok" and not one.gates_skipped and bool(kinds[_id(one)].modalities)


def _is_of_other_colour(one: PackResult) -> bool:
    return any(check.gate == "colour" and check.outcome == "refused" for check in one.quality)


def _is_demonstration(one: PackResult) -> bool:
    return one.stamp.pack_class == "demonstration"


def _id(one: PackResult) -> str:
    return one.stamp.pack_id
