"""Write the ``pack.toml`` of a draft: what was found, and what is missing with what it needs."""

import json
import re
from collections.abc import Iterator, Sequence

from core.errors import ManifestError, NewerSchemaError
from core.wording import has_sentence, say
from inference.draft_facts import DraftFacts
from inference.manifest import SCHEMA
from inference.manifest_reader import parse_manifest

FILL_IN = "FILL IN"
_DRAFT_VERSION = "1.0.0"
_IMAGENET_CHANNELS = 3
_LACKS = ("is missing", "is empty")
_PLACE = re.compile(r"\[\d+\]")
_NEEDS = {
    "licence.spdx": "spdx",
    "licence.commercial_use": "commercial_use",
    "licence.attribution": "attribution",
    "applies.modalities": "modalities",
    "applies.colour": "colour",
    "input.resize": "resize",
    "input.intensity": "intensity",
    "input.normalise.mean": "normalise",
    "input.normalise.std": "normalise",
    "output.scores": "scores",
    "labels[].code": "code",
    "labels[].title": "label_title",
    "labels[].operating_points[].threshold": "threshold",
    "labels[].operating_points[].chosen_on": "chosen_on",
    "outline.threshold": "outline_threshold",
    "outline.smallest_part": "smallest_part",
    "training_data.text": "training_text",
    "training_data.population": "population",
    "files.LICENSE": "licence_file",
}


def draft_text(facts: DraftFacts, pack_id: str, source: str) -> str:
    """Return the manifest of a draft; ``source`` is the name of the model's file."""
    return "\n".join(_lines(facts, pack_id, source)) + "\n"


def missing_fields(text: str) -> tuple[tuple[str, str], ...]:
    """Return what a drafted manifest lacks: the field, and what it needs; fields of labels stand together."""
    try:
        parse_manifest(text, with_files=False)
    except ManifestError as error:
        problems = [str(problem) for problem in _listed(error.context.get("problems"))]
    except NewerSchemaError:
        problems = []  # a task that this Farlight does not run is not read
    else:
        problems = []
    fields: dict[str, list[str]] = {}
    for problem in problems:
        place = problem.partition(": ")[0]
        fields.setdefault(_PLACE.sub("[]", place), []).append(problem)
    return tuple((_many(field, len(found)), need_of(found[0])) for field, found in fields.items())


def need_of(problem: str) -> str:
    """Return what a field needs, in words; where nothing is known, what the reader says of it."""
    field, _, what = problem.partition(": ")
    plain = _PLACE.sub("[]", field)
    key = f"packs_new.need.{_NEEDS.get(plain, plain)}"
    return say(key) if what in _LACKS and has_sentence(key) else what


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _many(field: str, count: int) -> str:
    places = f"[0..{count - 1}]" if count > 1 else "[0]"
    return field.replace("[]", places, 1).replace("[]", "[0]")


def _lines(facts: DraftFacts, pack_id: str, source: str) -> Iterator[str]:
    yield f"# {say('packs_new.head.first', name=json.dumps(source))}"
    yield f"# {say('packs_new.head.second')}"
    yield ""
    yield f'schema = "{SCHEMA}"'
    yield f'id = "{pack_id}"'
    yield f'version = "{_DRAFT_VERSION}"'
    yield from _gap("title", '""')
    yield from _said("class", '"demonstration"')
    yield f'task = "{facts.task}"'
    yield from _gap("intended_use", '""')
    yield from _gap("not_for", '["", ""]')
    yield from ("", "[licence]")
    yield from _gap("spdx", '""')
    yield from _gap("commercial_use", "false")
    yield from _gap("attribution", '""')
    yield from ("", "[applies]")
    yield from _gap("modalities", '["", ""]')
    yield from _gap("body_parts", '["", ""]', needed=False)
    yield from _gap("views", '["", ""]', needed=False)
    yield from _gap("age_years", "{ minimum = 18.0, maximum = 150.0 }", needed=False)
    yield from _gap("colour", '"grey"')
    yield from _input(facts)
    yield from _output(facts)
    yield from _labels(facts)
    if facts.task == "segment":
        yield from ("", "[outline]")
        yield from _gap("outline_threshold", "0.5", key="threshold")
        yield from _gap("smallest_part", "0.0")
    yield from _explanation(facts)
    yield from ("", "[tolerance]", f"# {say('packs_new.need.tolerance')}")
    yield from (f"{role} = {value:g}" for role, value in facts.tolerance.items())
    yield from ("", "[training_data]")
    yield from _gap("training_text", '""', key="text")
    yield from _gap("population", '""')


def _input(facts: DraftFacts) -> Iterator[str]:
    read = facts.input
    yield from ("", "[input]", f"name = {json.dumps(read.name)}")
    yield f"size = [{read.size[0]}, {read.size[1]}]"
    yield f"channels = {read.channels}"
    yield 'region = { rule = "whole" }'
    yield from _gap("resize", '"stretch"')
    yield from _gap("intensity", '{ rule = "full" }')
    zeros, ones = (f"[{', '.join([value] * read.channels)}]" for value in ("0.0", "1.0"))
    if read.largest is not None:
        if read.largest == 1.0:
            return
        yield from ("", "[input.normalise]")
        yield f"# {say('packs_new.need.normalise_seen', largest=f'{read.largest:g}')}"
        yield from (f"scale = {read.largest:.1f}", f"mean = {zeros}", f"std = {ones}")
        return
    yield from ("", "[input.normalise]", f"# {say('packs_new.need.normalise')}")
    if read.channels == _IMAGENET_CHANNELS:
        yield f"# {say('packs_new.need.normalise_usual')}"
    yield from ("# scale = 1.0", f"# {FILL_IN} mean = {zeros}", f"# {FILL_IN} std = {ones}")


def _output(facts: DraftFacts) -> Iterator[str]:
    yield from ("", "[output]")
    yield from (f"{role} = {json.dumps(name)}" for role, name in facts.outputs.items())
    if facts.scores is None and facts.task != "detect":
        yield f"# scores: {say('packs_new.need.scores')}"
        yield f'scores = ""  # {FILL_IN}'
    elif facts.scores is not None:
        yield f'scores = "{facts.scores}"'
    if facts.columns > 1:
        yield f"# {say('packs_new.need.columns')}"
        yield f"columns = {facts.columns}"


def _labels(facts: DraftFacts) -> Iterator[str]:
    for place in range(facts.columns):
        yield from ("", "[[labels]]")
        if facts.columns > 1:
            yield f"column = {place}"
        title = facts.class_names[place] if place < len(facts.class_names) else ""
        code = code_of(title)
        if code:
            yield f'code = "{code}"'
            yield f"title = {_quoted(title)}"
        else:
            yield from _gap("code", '""', told=place == 0)
            yield from _gap("label_title", '""', key="title", told=place == 0)
        if facts.task == "classify":
            yield from _scoring(told=place == 0)


def _scoring(*, told: bool) -> Iterator[str]:
    yield 'operating_point = "main"'
    if told:
        yield from _said("map_shown", "false")
    else:
        yield "map_shown = false"
    yield from ("", "[[labels.operating_points]]", 'name = "main"')
    yield from _gap("threshold", "0.5", told=told)
    yield from _gap("chosen_on", '""', told=told)
    yield from ("", "[labels.calibration]")
    if told:
        yield f"# {say('packs_new.need.calibration')}"
    yield 'method = "none"'


def _explanation(facts: DraftFacts) -> Iterator[str]:
    maps = facts.maps
    if maps is None or maps.method == "activation_map":
        return
    yield from (
        "",
        "[explanation]",
        f"# {say(f'packs_new.why.{maps.why}')}",
        f"# {say('packs_new.need.explanation')}",
    )
    yield f'method = "{maps.method}"'
    if maps.method == "reciprocam":
        yield from (f"features = {json.dumps(maps.features)}", f"head_input = {json.dumps(maps.head_input)}")


def _gap(need: str, example: str, *, key: str = "", needed: bool = True, told: bool = True) -> Iterator[str]:
    """Yield a field that is missing: what it needs (``told``), and the line to fill in."""
    if told:
        yield f"# {key or need}: {say(f'packs_new.need.{need}')}"
    yield f"# {FILL_IN + ' ' if needed else ''}{key or need} = {example}"


def _said(need: str, value: str) -> Iterator[str]:
    yield f"# {need}: {say(f'packs_new.need.{need}')}"
    yield f"{need} = {value}"


def code_of(title: str) -> str:
    """Return a title as a code, lower-case words joined by underscores; "" where it has no letters."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    while words and not words[0][0].isalpha():
        words.pop(0)
    return "_".join(words)[:64].rstrip("_")


def _quoted(text: str) -> str:
    return json.dumps("".join(letter for letter in text if letter.isprintable()), ensure_ascii=False)
