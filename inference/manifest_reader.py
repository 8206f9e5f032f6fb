"""Read ``pack.toml`` strictly into a Manifest: one reading names every problem."""

import re
import tomllib
from types import MappingProxyType
from typing import Any, cast, get_args

from core.errors import EscapingPathError, ManifestError, NewerSchemaError
from core.model_facts import FigureUnit
from core.result import PackClass
from inference.count_reader import read_counting
from inference.explanation_reader import read_explanation
from inference.gate_reader import read_familiarity, read_limit, read_outline, read_sense
from inference.input_reader import read_input
from inference.label_reader import read_findings, read_labels
from inference.manifest import (
    NO_PICTURE,
    REQUIRED_FILES,
    SCHEMA,
    TABLE_FILES,
    AgeRange,
    Applies,
    Citation,
    Colour,
    Figure,
    Licence,
    Manifest,
    MaskRegion,
    OutputSpec,
    Role,
    Scores,
    Task,
    TrainingData,
)
from inference.measure_reader import read_measuring
from inference.model_files import HEAD_NAME, files_fault, networks_fault
from inference.pack_files import name_fault
from inference.risk_manifest import (
    NO_OUTPUT,
    check_risk,
    read_inputs,
    read_outcome,
    refuse_picture_tables,
    refuse_value_tables,
)
from inference.strict_table import Problems, StrictTable
from inference.tiling_reader import read_tiling
from inference.versions import Version, VersionRange
from inference.words import PACK_ID

MOST_COLUMNS = 10_000
_CLASSES = ("assist", "research", "demonstration")
_TASKS = ("classify", "segment", "measure", "risk")
_TASKS_TO_COME = ("detect",)
_ROLES: dict[str, tuple[Role, ...]] = {
    "classify": ("logits", "activation_map", "sense", "familiarity"),
    "segment": ("masks", "logits", "activation_map", "sense", "familiarity"),
    "measure": ("masks", "familiarity"),
}
_LATER_NUMBER = re.compile(r"0*([2-9]|[1-9][0-9]+)", re.ASCII)
_LONGEST_REASON = 200
_SCORES = ("logits", "probabilities", "softmax")
_NEEDED_ROLE: dict[str, Role] = {"classify": "logits", "segment": "masks", "measure": "masks"}


def parse_manifest(text: str, *, with_files: bool = True) -> Manifest:
    """Read the text of a ``pack.toml``; ``with_files=False`` leaves ``[files]`` out, as before a build.

    Raises:
        ManifestError: something is missing, malformed, unknown or contradictory; the detail names each.
        NewerSchemaError: the schema or the task belongs to a later Farlight.
        EscapingPathError: ``[files]`` names a path outside the pack's folder.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and deep nesting
        raise ManifestError(f"not TOML: {str(error)[:_LONGEST_REASON]}") from error
    _require_schema(values.get("schema"))
    _require_known_task(values.get("task"))
    problems = Problems()
    manifest = _manifest(StrictTable(values, "", problems), with_files=with_files)
    if problems.found:
        raise ManifestError("; ".join(problems.found), problems=tuple(problems.found))
    return manifest


def _require_schema(schema: object) -> None:
    if schema == SCHEMA:
        return
    family, _, number = str(schema).partition("/")
    if family == SCHEMA.partition("/")[0] and _LATER_NUMBER.fullmatch(number):
        raise NewerSchemaError(f"schema {family}/{number:.20} is newer than {SCHEMA}")
    raise ManifestError(f"schema: is {schema!r:.60}, must be {SCHEMA!r}", problems=("schema",))


def _require_known_task(task: object) -> None:
    if task in _TASKS_TO_COME:
        raise NewerSchemaError(f"task {task!r} is not run by this Farlight, only {' and '.join(_TASKS)}")


def _manifest(top: StrictTable, *, with_files: bool) -> Manifest:
    top.text("schema")
    task = top.text("task", allowed=_TASKS)
    if task == "risk":
        refuse_picture_tables(top)
        output, spec = NO_OUTPUT, NO_PICTURE
    else:
        refuse_value_tables(top)
        output, spec = _output(top.table("output"), task), read_input(top.table("input"))
    explanation = read_explanation(top, task, output, spec)
    pack_class = top.text("class", allowed=_CLASSES)
    manifest = Manifest(
        id=top.pattern("id", PACK_ID, "lower-case words joined by hyphens", longest=64),
        version=_version(top),
        title=top.text("title"),
        pack_class=cast(PackClass, pack_class),
        task=cast(Task, task),
        intended_use=top.text("intended_use"),
        not_for=top.texts("not_for"),
        weak_where=top.texts("weak_where", required=False),
        not_looked_for=top.texts("not_looked_for", required=False),
        licence=_licence(top.table("licence")),
        citations=tuple(_citation(table) for table in top.tables("citations", required=False)),
        applies=_applies(top.table("applies"), task),
        depends=MappingProxyType(_depends(top.optional_table("depends"))),
        input=spec,
        output=output,
        labels=read_labels(
            top, task, output, maps=explanation is not None, demonstration=pack_class == "demonstration"
        ),
        outline=read_outline(top, task),
        sense=read_sense(top, output),
        familiarity_maximum=read_familiarity(top, output),
        limits=tuple(read_limit(table) for table in top.tables("limits", required=False)),
        tolerance=MappingProxyType(_tolerance(top, output)),
        figures=tuple(_figure(table) for table in top.tables("figures", required=False)),
        training_data=_training_data(top.table("training_data")),
        files=MappingProxyType(_files(top, task, with_files=with_files)),
        explanation=explanation,
        findings=read_findings(
            top, task, output, maps=explanation is not None, demonstration=pack_class == "demonstration"
        ),
        uses=MappingProxyType(_depends(top.optional_table("uses")) if task == "risk" else {}),
        inputs=read_inputs(top) if task == "risk" else (),
        outcome=read_outcome(top) if task == "risk" else None,
        measuring=read_measuring(top, task, spec),
        counting=read_counting(top, task),
        tiling=read_tiling(top, task),
    )
    top.finish()
    _check_dependencies(manifest, top)
    if task == "risk":
        check_risk(manifest, top)
    if with_files and explanation and explanation.method == "reciprocam" and HEAD_NAME not in manifest.files:
        top.problem(f"files.{HEAD_NAME}", "is missing: the map method 'reciprocam' needs it")
    return manifest


def _version(top: StrictTable) -> Version:
    text = top.text("version")
    try:
        return Version.parse(text)
    except ValueError as error:
        if text:
            top.problem("version", str(error))
        return Version(0, 0, 0)


def _licence(table: StrictTable) -> Licence:
    licence = Licence(
        spdx=table.pattern(
            "spdx", r"[A-Za-z0-9][A-Za-z0-9.+-]*", "an SPDX identifier or LicenseRef-...", longest=80
        ),
        commercial_use=table.truth("commercial_use"),
        attribution=table.text("attribution"),
        acceptance=table.truth("acceptance", default=False),
    )
    table.finish()
    return licence


def _citation(table: StrictTable) -> Citation:
    citation = Citation(
        text=table.text("text"),
        doi=table.pattern("doi", r"10\.\d{4,9}/\S+", "a DOI such as 10.1000/182", longest=200)
        if table.has("doi")
        else "",
    )
    table.finish()
    return citation


def _applies(table: StrictTable, task: str) -> Applies:
    if task == "risk":
        return _applies_to_people(table)
    applies = Applies(
        modalities=_upper(table, "modalities", required=True),
        body_parts=_upper(table, "body_parts", required=False),
        views=_upper(table, "views", required=False),
        age_years=_age_range(table.optional_table("age_years")),
        colour=cast(Colour, table.text("colour", allowed=("grey", "colour", "any"))),
        multi_frame=table.truth("multi_frame", default=False),
        sexes=table.texts("sexes", required=False, allowed=("F", "M", "O")),
        trained_on_ages=_trained_on_ages(table),
    )
    table.finish()
    return applies


def _applies_to_people(table: StrictTable) -> Applies:
    applies = Applies(
        modalities=(),
        body_parts=(),
        views=(),
        age_years=_age_range(table.optional_table("age_years")),
        colour="grey",
        multi_frame=True,
        sexes=table.texts("sexes", required=False, allowed=("F", "M", "O")),
        trained_on_ages=_trained_on_ages(table),
    )
    table.finish()
    return applies


def _upper(table: StrictTable, key: str, *, required: bool) -> tuple[str, ...]:
    texts = table.texts(key, required=required)
    for text in texts:
        if text != text.strip().upper():
            table.problem(key, f"has {text!r}, which must be in capitals as DICOM writes it")
    return texts


def _trained_on_ages(table: StrictTable) -> AgeRange | None:
    ages = _age_range(table.optional_table("trained_on_ages"))
    if ages is not None and table.has("age_years"):
        table.problem("trained_on_ages", "belongs to packs without age_years, outside of which they refuse")
    return ages


def _age_range(table: StrictTable | None) -> AgeRange | None:
    if table is None:
        return None
    ages = AgeRange(
        minimum=table.number("minimum", minimum=0, maximum=150),
        maximum=table.number("maximum", minimum=0, maximum=150),
    )
    if ages.minimum > ages.maximum:
        table.problem("minimum", "lies above maximum")
    table.finish()
    return ages


def _depends(table: StrictTable | None) -> dict[str, VersionRange]:
    ranges: dict[str, VersionRange] = {}
    for pack_id in table.all_keys() if table else ():
        assert table is not None
        text = table.text(pack_id)
        table.require_pattern(pack_id, pack_id, PACK_ID, "a pack's id")
        try:
            ranges[pack_id] = VersionRange.parse(text)
        except ValueError as error:
            if text:
                table.problem(pack_id, str(error))
    return ranges


def _output(table: StrictTable, task: str) -> OutputSpec:
    roles = _ROLES.get(task, ())
    names: dict[Role, str] = {role: table.text(role) for role in roles if table.has(role)}
    needed = _NEEDED_ROLE.get(task)
    if needed is not None and needed not in names:
        table.text(needed)
    if len(set(names.values())) < len(names):
        table.problem("", "names one output for two roles")
    usual = "logits" if task == "classify" else "probabilities"
    output = OutputSpec(
        names=MappingProxyType(names),
        scores=cast(Scores, table.text("scores", allowed=_SCORES, default=usual)),
        columns=table.whole("columns", minimum=1, maximum=MOST_COLUMNS) if table.has("columns") else None,
    )
    table.finish()
    return output


def _tolerance(top: StrictTable, output: OutputSpec) -> dict[Role, float]:
    if output is NO_OUTPUT:
        return {}
    table = top.table("tolerance")
    tolerance = {role: table.number(role, minimum=0) for role in output.names}
    table.finish()
    return tolerance


def _figure(table: StrictTable) -> Figure:
    figure = Figure(
        population=table.text("population"),
        metric=table.text("metric"),
        value=table.number("value"),
        interval=_interval(table),
        patients=_count(table, "patients"),
        images=_count(table, "images"),
        unit=cast(FigureUnit, table.text("unit", allowed=get_args(FigureUnit), default="patients")),
    )
    if table.has("unit") and figure.patients is None:
        table.problem("unit", "says what patients counts, which is not there")
    if figure.interval and not figure.interval[0] <= figure.value <= figure.interval[1]:
        table.problem("interval", "does not contain value")
    table.finish()
    return figure


def _interval(table: StrictTable) -> tuple[float, float] | None:
    if not table.has("interval"):
        return None
    numbers = table.numbers("interval", length=2)
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _count(table: StrictTable, key: str) -> int | None:
    return table.whole(key, minimum=1, maximum=10**9) if table.has(key) else None


def _training_data(table: StrictTable) -> TrainingData:
    data = TrainingData(text=table.text("text"), population=table.text("population"))
    table.finish()
    return data


def _files(top: StrictTable, task: str, *, with_files: bool) -> dict[str, str]:
    if not with_files:
        top.optional_table("files")
        return {}
    table = top.table("files")
    files: dict[str, str] = {}
    for name in table.all_keys():
        fault = name_fault(name)
        if fault is not None:
            raise EscapingPathError(f"files: {name!r:.80} {fault}")
        files[name] = table.pattern(name, r"[0-9a-f]{64}", "a sha256 in lower-case hexadecimals", longest=64)
    folded: dict[str, Any] = {}
    for name in files:
        if folded.setdefault(name.casefold(), name) != name:
            table.problem(name, f"differs from {folded[name.casefold()]!r} in capitals only")
    for name in TABLE_FILES if task == "risk" else REQUIRED_FILES:
        if top.has("files") and name not in files:
            table.problem(name, "is missing")
    wrong = networks_fault(files) if task == "risk" else files_fault(files)
    if top.has("files") and wrong is not None:
        table.problem(*wrong)
    return files


def _check_dependencies(manifest: Manifest, top: StrictTable) -> None:
    region = manifest.input.region
    if isinstance(region, MaskRegion) and region.pack and region.pack not in manifest.depends:
        top.problem("input.region.pack", f"is {region.pack!r}, which [depends] does not name")
    for name, packs in (("depends", manifest.depends), ("uses", manifest.uses)):
        if manifest.id in packs:
            top.problem(name, "names the pack itself")
    if manifest.task != "classify" and isinstance(region, MaskRegion):
        top.problem("input.region.rule", "must be 'whole' in packs that segment or measure")
    uses_masks = any(limit.gate == "plausibility" for limit in manifest.limits)
    if uses_masks and manifest.task != "segment" and not isinstance(region, MaskRegion):
        top.problem("limits", "asks for plausible masks, but the pack neither makes nor uses any")
