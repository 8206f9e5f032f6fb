"""Page 2, the computer's part: positions in words, scores, checks, refusals, facts of the models."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core.decision import Reading
from core.model_facts import ModelFacts, OperatingPoint, has_sides
from core.reading_order import is_for_others, reading_order
from core.result import Finding, Heatmap, PackResult, Result
from core.wording import has_sentence, say
from reports.model_rows import (
    beside_sentences,
    cautions_of,
    engine_rows,
    interval_rows,
    limit_rows,
    origin_rows,
    outline_rows,
    pack_title,
    present,
    said_of_image,
    seen_rows,
    threshold_text,
)
from reports.records import Figure, FindingBlock, PackBlock, Picture, Row, ScoreLine
from reports.risk_part import risk_blocks
from reports.site_source import sourced_site_sentence
from reports.text import clean, clean_line, in_sentence, isolate, score, scores_apart

_NO_FACTS: Mapping[str, OperatingPoint] = MappingProxyType({})


def position_words(finding: Finding) -> str:
    """Return the reviewed sentences for a finding's position."""
    return say(f"reports.position.{finding.position}", finding=in_sentence(finding.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePart:
    """Builds the blocks of page 2 from a result and what the packs' manifests say.

    Where nobody has ``signed``, nobody may have read the picture either: its caption says so.
    """

    result: Result
    reading: Reading
    facts: Mapping[str, ModelFacts]
    pictures: Mapping[str, Picture]
    signed: bool = False

    def blocks(self, packs: tuple[PackResult, ...]) -> tuple[PackBlock, ...]:
        """Return a block for each pack: answers first, then refusals, last models that are for others."""
        return _pictures_first(tuple(self._block(pack, packs) for pack in sorted(packs, key=reading_order)))

    def error_blocks(self) -> tuple[PackBlock, ...]:
        """Return what could not be done, as a block of its own that comes first."""
        none = "none_asked" if self.result.without_image else "none_ran"
        words = "" if self.result.results else say(f"reports.say.{none}")
        if not self.result.errors and not words:
            return ()
        errors = tuple(
            Row(label=say("reports.row.error", code=error.code), text=clean(error.message))
            for error in self.result.errors
        )
        return (
            PackBlock(
                findings=(FindingBlock(title=say("reports.say.errors_title"), words=words, rows=errors),)
            ),
        )

    def closing_rows(self, *, trials_left_out: bool) -> tuple[Row, ...]:
        """Return what belongs to the whole image: its side, and where it came from."""
        rows = []
        if trials_left_out:
            rows.append(
                Row(label=say("reports.title.demonstration"), text=say("reports.say.demonstration_left_out"))
            )
        if not self.result.without_image and has_sides(self.result, self.facts):
            rows.append(Row(label=say("reports.row.side"), text=say(f"reports.say.side_{self.result.side}")))
        rows.append(Row(label=say("reports.row.source"), text=self._source()))
        return tuple(rows)

    def _source(self) -> str:
        source = self.result.source
        if source.typed:
            return say("reports.say.typed_values")
        parts = [say("reports.say.file_name", path=isolate(clean_line(source.path)))]
        if source.files != 1:
            parts.append(say("reports.say.files", count=source.files))
        parts.append(
            say("reports.say.source_hash", sha256=source.sha256)
            if source.sha256
            else say("reports.say.no_hash")
        )
        return "; ".join(parts)

    def _block(self, pack: PackResult, printed: tuple[PackResult, ...]) -> PackBlock:
        facts = self.facts.get(pack.stamp.pack_id)
        limits = limit_rows(facts, printed)
        if _only_outlines(pack):
            others = (other for other in self.result.results if not _only_outlines(other))
            said = frozenset().union(*(said_of_image(other) for other in others))
            return PackBlock(
                figures=self._figures(pack),
                warning=say("reports.banner.checks_off") if pack.gates_skipped else "",
                rows=present(*outline_rows(pack, self.result, said)),
                small_title=pack_title(clean_line(pack.title), pack),
                small_rows=present(*origin_rows(facts), *limits, *engine_rows(pack)),
            )
        findings = tuple(self._finding_block(pack, finding, facts) for finding in pack.findings)
        findings += risk_blocks(pack, pack_title(clean_line(pack.title), pack), facts)
        answered = pack.status == "ok"
        if is_for_others(pack):
            title = pack_title(clean_line(pack.title), pack)
            return PackBlock(
                findings=(_plain_block(pack, facts),),
                small_title=title,
                small_rows=present(*engine_rows(pack)),
            )
        return PackBlock(
            figures=self._figures(pack),
            findings=findings or (_plain_block(pack, facts),),
            warning=say("reports.banner.checks_off") if pack.gates_skipped else "",
            rows=present(*_rows_of(pack, limits if answered else ())),
            small_title=pack_title(clean_line(pack.title), pack),
            small_rows=present(
                *(origin_rows(facts) if answered else ()),
                *interval_rows(pack, facts),
                *engine_rows(pack),
            ),
        )

    def _figures(self, pack: PackResult) -> tuple[Figure, ...]:
        if pack.curves:
            return self._beat(pack)
        maps = self._maps(pack)
        if not maps:
            return ()
        figures = []
        if "key" in self.pictures:
            caption = say(f"reports.pictures.{'as_read' if self.signed else 'as_stored'}")
            if self.result.side != "verified" and has_sides(self.result, self.facts):
                caption = f"{caption}; {say('reports.section.side_unverified')}"
            figures.append(Figure(picture=self.pictures["key"], caption=caption))
        corrected = self.pictures.get(f"{pack.stamp.pack_id}/corrected")
        if corrected is not None and pack.correction:
            figures.append(Figure(picture=corrected, caption=_corrected_caption(pack)))
        return (*figures, *maps)

    def _beat(self, pack: PackResult) -> tuple[Figure, ...]:
        """Return the outlines at both ends of the beat, and the volumes through it."""
        named = ((f"{pack.stamp.pack_id}/{name}", name) for name in ("cine", "curve"))
        return tuple(
            Figure(picture=self.pictures[key], caption=say(f"reports.pictures.{name}"))
            for key, name in named
            if key in self.pictures
        )

    def _maps(self, pack: PackResult) -> tuple[Figure, ...]:
        pack_id = pack.stamp.pack_id
        maps = [
            Figure(picture=self.pictures[key], caption=self._map_caption(pack, finding))
            for finding in pack.findings
            if (key := f"{pack_id}/{finding.code}") in self.pictures
        ]
        maps += [
            Figure(picture=self.pictures[key], caption=_tiles_caption(pack, heatmap))
            for heatmap in pack.heatmaps
            if heatmap.of_tiles and (key := f"{pack_id}/{heatmap.finding}") in self.pictures
        ]
        if not maps and pack.tiles and pack_id in self.pictures:
            maps = [Figure(picture=self.pictures[pack_id], caption=say("reports.pictures.tissue"))]
        if not maps and pack_id in self.pictures:
            maps = [Figure(picture=self.pictures[pack_id], caption=_outline_caption(pack))]
        return tuple(maps)

    def _map_caption(self, pack: PackResult, finding: Finding) -> str:
        caption = say("reports.pictures.map")
        if any(other.masks for other in self.result.results):
            caption = say("reports.pictures.map_outlined", map=caption)
        return f"{clean_line(finding.label)}: {in_sentence(caption)}" if len(pack.findings) > 1 else caption

    def _finding_block(self, pack: PackResult, finding: Finding, facts: ModelFacts | None) -> FindingBlock:
        first, _, rest = position_words(finding).partition(". ")
        notes = (*cautions_of(pack), rest, *_always_said(pack, facts))
        point = (facts.operating_points if facts else _NO_FACTS).get(finding.code)
        map_shown = f"{pack.stamp.pack_id}/{finding.code}" in self.pictures
        return FindingBlock(
            title=pack_title(clean_line(finding.label), pack),
            words=f"{first}." if rest else first,
            further=" ".join(part for part in notes if part),
            line=_score_line(finding),
            rows=present(
                Row(label=say("reports.row.clinician"), text=self._clinician(pack, finding)),
                Row(label=say("reports.row.threshold"), text=threshold_text(finding, point)),
                Row(label=say("reports.row.beside"), text=" ".join(beside_sentences(pack, finding))),
                Row(label=say("reports.row.here"), text=sourced_site_sentence(finding)),
                Row(label=say("reports.row.map"), text="" if map_shown else _why_no_map(finding)),
            ),
        )

    def _clinician(self, pack: PackResult, finding: Finding) -> str:
        first = self.reading.first_read
        parts = [
            say(
                "reports.say.impression_after" if first.result_seen else "reports.say.impression",
                impression=say(f"reports.say.impression_{first.impression}"),
            )
            if first
            else say("reports.say.impression_none")
        ]
        decision = next(
            (
                decision
                for decision in reversed(self.reading.decisions)
                if (decision.pack_id, decision.finding) == (pack.stamp.pack_id, finding.code)
            ),
            None,
        )
        if decision is None:
            parts.append(say("reports.say.answer_none"))
        else:
            words = isolate(clean_line(decision.words))
            parts.append(say(f"reports.say.answer_{decision.answer}", words=words))
            parts.append(isolate(clean(decision.note)))
        return " · ".join(part for part in parts if part)


def _outline_caption(pack: PackResult) -> str:
    if not pack.places:
        return say("reports.pictures.outline")
    called = sum(place.above for place in pack.places)
    return say("reports.pictures.counted", called=str(called), others=str(len(pack.places) - called))


def _tiles_caption(pack: PackResult, heatmap: Heatmap) -> str:
    caption = say("reports.pictures.tiles", threshold=score(heatmap.threshold))
    several = len(pack.heatmaps) > 1
    return f"{clean_line(heatmap.label)}: {in_sentence(caption)}" if several else caption


def _only_outlines(pack: PackResult) -> bool:
    return pack.status == "ok" and bool(pack.masks) and not (pack.findings or pack.measurements or pack.risks)


def _pictures_first(blocks: tuple[PackBlock, ...]) -> tuple[PackBlock, ...]:
    """Return the blocks with the first pictures moved to the front: the eye begins with the image."""
    first = next((number for number, block in enumerate(blocks) if block.figures), 0)
    if not first:
        return blocks
    front = replace(blocks[0], figures=blocks[first].figures)
    return (front, *blocks[1:first], replace(blocks[first], figures=()), *blocks[first + 1 :])


def _always_said(pack: PackResult, facts: ModelFacts | None) -> tuple[str, ...]:
    key = f"reports.pack_notes.{pack.stamp.pack_id}"
    own = (say(key),) if has_sentence(key) else ()
    return tuple(dict.fromkeys((*own, *(facts.always_say if facts else ()))))


def _why_no_map(finding: Finding) -> str:
    why = {"above": "map_unfit", "undecided": "map_undecided"}.get(finding.position, "map_not_above")
    return say(f"reports.say.{why}")


def _rows_of(pack: PackResult, limits: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return what was seen and the model's limits: numbers come first, scores stand above already."""
    seen = seen_rows(pack)
    return (*seen, *limits) if pack.measurements else (*limits, *seen)


def _plain_block(pack: PackResult, facts: ModelFacts | None) -> FindingBlock:
    title = pack_title(clean_line(pack.title), pack)
    if pack.refusal is not None:
        rows: tuple[Row, ...] = (Row(label=say("reports.row.advice"), text=clean(pack.refusal.advice)),)
        if not is_for_others(pack):
            rows += (Row(label=say("reports.row.gate"), text=clean_line(pack.refusal.gate)),)
        head = say("reports.say.refused_head" if pack.status == "refused" else "reports.say.not_applicable")
        return FindingBlock(title=title, words=head, further=clean(pack.refusal.reason), rows=present(*rows))
    if pack.status == "not_applicable":
        return FindingBlock(title=title, words=say("reports.say.not_applicable"))
    if pack.status == "refused":
        return FindingBlock(title=title, words=say("reports.say.refused_head"))
    spoke = pack.measurements or pack.risks
    return FindingBlock(
        title=title,
        words="" if spoke else say("reports.say.no_answer"),
        further=" ".join((*cautions_of(pack), *_always_said(pack, facts))) if spoke else "",
    )


def _score_line(finding: Finding) -> ScoreLine:
    score_text, threshold_text = scores_apart(finding.probability, finding.threshold)
    low_high = finding.interval
    return ScoreLine(
        score=100 * finding.probability,
        threshold=100 * finding.threshold,
        interval=(100 * low_high[0], 100 * low_high[1]) if low_high else None,
        score_label=say("reports.score.score", value=score_text),
        threshold_label=say("reports.score.threshold", value=threshold_text),
    )


def _corrected_caption(pack: PackResult) -> str:
    correction = pack.correction
    assert correction is not None
    turns = correction.quarter_turns % 4
    if not turns:
        return say("reports.pictures.inverted")
    name = "turned_inverted" if correction.inverted else "turned"
    return say(f"reports.pictures.{name}", turn=say(f"reports.pictures.turn_{turns}"))
