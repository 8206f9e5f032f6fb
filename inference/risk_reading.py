"""One patient before a pack that reads values: gates, table, risks."""

from collections.abc import Mapping, Sequence
from time import perf_counter

from core.form import PATIENT_FIELDS
from core.patient import Patient
from core.result import Contribution, ModelStamp, PackResult, QualityCheck, Risk
from inference.gate_log import GateLog
from inference.header_gates import check_age, check_sex, check_trained_on
from inference.manifest import TABLE_NAME, Label, Manifest
from inference.packs import Pack
from inference.risk_values import Given, gather, measured_for
from inference.subject import Subject, other_ages_of, unsettled_ages_of
from inference.table_model import Estimate, TableModel
from inference.table_reader import parse_table

_DRAWN_POINTS = 60
"""Points that a survival curve has at most besides its ends: a curve of all event days says no more."""


def load_table(pack: Pack) -> TableModel:
    """Return the model of a pack that reads values, proven by its checksum.

    Raises:
        RiskTableError: the table is not what it must be.
        PackError: the file cannot be read, or is not the one that was released.
    """
    return parse_table(pack.read(TABLE_NAME), pack.manifest)


def assess(
    pack: Pack,
    table: TableModel,
    patient: Patient,
    upstream: Sequence[PackResult] = (),
    *,
    use_gates: bool = True,
    asked: bool = True,
) -> PackResult:
    """Return what a pack says of a patient; ``upstream`` are the results whose measurements it may take.

    A pack that nobody ``asked`` for by name does not apply where none of its own values is known.
    Values that are missing or cannot be refuse also without gates: there is nothing to count with.
    """
    started = perf_counter()
    manifest = pack.manifest
    log = GateLog(use_gates=use_gates)
    must = GateLog(use_gates=True)
    if not asked and not _speaks_here(manifest, patient, upstream):
        must.not_for_this("no_values")
    given = {} if must.stopped else gather(must, manifest, patient, upstream)
    if not must.not_applicable:
        subject = Subject(
            sex=patient.sex.value if patient.sex else None,
            age_years=patient.age_years.value if patient.age_years else None,
            other_ages=other_ages_of(patient),
            unsettled_ages=unsettled_ages_of(patient),
        )
        check_sex(log, manifest.applies.sexes, subject)
        if subject.age_years is not None:  # one that is missing is named with all other values
            check_age(log, manifest.applies.age_years, subject)
        check_trained_on(log, manifest.applies.trained_on_ages, subject)
    first, second = (log, must) if log.stopped else (must, log)
    refusal = first.refusal or second.refusal
    speaks = refusal is None
    return PackResult(
        stamp=ModelStamp(
            pack_id=manifest.id,
            version=str(manifest.version),
            sha256=pack.sha256,
            pack_class=manifest.pack_class,
        ),
        title=manifest.title,
        status=first.status if first.stopped else second.status,
        seconds=perf_counter() - started,
        refusal=refusal,
        gates_skipped=not use_gates,
        quality=(*log.checks, *(must.checks if speaks else _without_values_taken(must.checks))),
        risks=_risks(manifest, table, given) if speaks else (),
        reads_values=True,
    )


def _without_values_taken(checks: Sequence[QualityCheck]) -> tuple[QualityCheck, ...]:
    """Leave out how values were taken, where the model refuses: it took none."""
    return tuple(check for check in checks if check.outcome != "note")


def _speaks_here(manifest: Manifest, patient: Patient, upstream: Sequence[PackResult]) -> bool:
    own = (field for field in manifest.inputs if field.code not in PATIENT_FIELDS)
    return any(field.code in patient.further or measured_for(field, upstream) for field in own)


def _risks(manifest: Manifest, table: TableModel, given: Mapping[str, Given]) -> tuple[Risk, ...]:
    values = {code: one.value for code, one in given.items()}
    return tuple(
        _risk(manifest, label, estimate, given)
        for label, estimate in zip(manifest.labels, table.estimate(values), strict=True)
    )


def _risk(manifest: Manifest, label: Label, estimate: Estimate, given: Mapping[str, Given]) -> Risk:
    outcome = manifest.outcome
    assert outcome is not None
    return Risk(
        code=label.code,
        label=label.title,
        probability=estimate.probability,
        interval=(estimate.low, estimate.high),
        horizon_days=outcome.horizon_days,
        survival=_thinned(estimate.survival),
        contributions=_contributions(manifest, estimate, given),
        kind=outcome.kind,
        score=estimate.score,
        average=estimate.average,
        calibrated_at_prevalence=outcome.prevalence,
        in_set=estimate.in_set,
    )


def _contributions(
    manifest: Manifest, estimate: Estimate, given: Mapping[str, Given]
) -> tuple[Contribution, ...]:
    """Return what each input did, the strongest first; one that was not given did nothing."""
    parts = []
    for field in manifest.inputs:
        one = given.get(field.code)
        value: float | str = ""
        if one is not None:
            value = field.title_of(one.value) if field.kind == "choice" else float(one.raw.value)
        parts.append(
            Contribution(
                name=field.title,
                value=value,
                effect=estimate.effects.get(field.code, 0.0),
                code=field.code,
                unit=field.unit,
                source=None if one is None else one.raw.source,
            )
        )
    return tuple(sorted(parts, key=lambda part: -abs(part.effect)))


def _thinned(curve: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Return at most some sixty points of a curve, its ends among them."""
    step = max(1, -(-len(curve) // _DRAWN_POINTS))
    kept = curve[::step]
    return kept if not curve or kept[-1] == curve[-1] else (*kept, curve[-1])
