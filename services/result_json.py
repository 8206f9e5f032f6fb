"""A result as the stable JSON that people script (``docs/result.schema.json``)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from core.image import ImageRef
from core.patient import Patient, Sourced
from core.result import (
    Curve,
    Finding,
    Heatmap,
    Mask,
    Measurement,
    PackResult,
    Place,
    Refusal,
    Result,
    Risk,
    SiteProbability,
    TileScore,
    VolumeMask,
)
from core.wording import say
from services.version import VERSION
from services.words import contradiction_words

SCHEMA = "farlight-result/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFiles:
    """Names of the files beside a result.json; keys are (pack id, code)."""

    masks: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    heatmaps: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    overlays: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    report: str | None = None


def result_to_dict(result: Result, *, folder: str, files: WrittenFiles) -> dict[str, Any]:
    """Return the record of one reading unit; unknown values are None."""
    source = result.source
    return {
        "schema": SCHEMA,
        "dir": folder,
        "source": {
            "path": source.path,
            "files": source.files,
            "sha256": source.sha256,
            "modality": source.modality,
            "study_uid": source.study_uid,
            "series_uids": list(source.series_uids),
            "frames": source.frames,
        },
        "patient": patient_to_dict(result.patient),
        "results": [_pack_result(entry, files) for entry in result.results],
        "errors": [{"code": error.code, "message": error.message} for error in result.errors],
        "side": result.side,
        "report": files.report,
        "report_state": "unsigned",
        "seconds": round(result.seconds, 4),
        "farlight": VERSION,
        "notice": say("services.result.notice"),
    }


def patient_to_dict(patient: Patient) -> dict[str, Any]:
    """Return what is known of the patient, each value with its source; unknown ones are None."""
    known: dict[str, Any] = {
        name: _sourced(getattr(patient, name))
        for name in ("name", "id", "sex", "birth_date", "age_years", "height_cm", "weight_kg")
    }
    known["further"] = {name: _sourced(value) for name, value in patient.further.items()}
    known["contradictions"] = [
        {
            "field": entry.field,
            "used": {"value": entry.used, "source": entry.used_source},
            "other": {"value": entry.other, "source": entry.other_source},
            "other_field": entry.other_field or entry.field,
            "text": contradiction_words(entry),
        }
        for entry in patient.contradictions
    ]
    return known


def _refusal(refusal: Refusal) -> dict[str, Any]:
    said = {"gate": refusal.gate, "reason": refusal.reason, "advice": refusal.advice}
    return {**said, "fields": list(refusal.fields)} if refusal.fields else said


def to_line(record: Mapping[str, Any]) -> str:
    """Return a record as one line of ASCII JSON, ended by a newline."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(", ", ": ")) + "\n"


def _sourced(value: Sourced[Any] | None) -> dict[str, Any] | None:
    return None if value is None else {"value": value.value, "source": value.source}


def _pack_result(entry: PackResult, files: WrittenFiles) -> dict[str, Any]:
    stamp = entry.stamp
    refusal, correction = entry.refusal, entry.correction
    return {
        "pack": {
            "id": stamp.pack_id,
            "version": stamp.version,
            "sha256": stamp.sha256,
            "class": stamp.pack_class,
            "title": entry.title,
        },
        "engine": stamp.engine,
        "device": stamp.device,
        "precision": stamp.precision,
        "threads": stamp.threads,
        "batch": stamp.batch,
        "seconds": round(entry.seconds, 5),
        "status": entry.status,
        "refusal": refusal and _refusal(refusal),
        "gates_skipped": entry.gates_skipped,
        "reads_values": entry.reads_values,
        "quality": [
            {
                "name": check.name,
                "outcome": check.outcome,
                "text": check.text,
                "value": _number(check.value),
                "minimum": _number(check.minimum),
                "maximum": _number(check.maximum),
            }
            for check in entry.quality
        ],
        "correction": correction
        and {
            "quarter_turns": correction.quarter_turns,
            "inverted": correction.inverted,
            "text": correction.text,
        },
        "findings": [_finding(finding) for finding in entry.scores],
        "measurements": [_measurement(measurement) for measurement in entry.measurements],
        "risks": [_risk(risk) for risk in entry.risks],
        "masks": [
            *(_mask(mask, stamp.pack_id, files) for mask in entry.masks),
            *(_volume(mask, stamp.pack_id, files) for mask in entry.volumes),
        ],
        "heatmaps": [_heatmap(heatmap, stamp.pack_id, files) for heatmap in entry.heatmaps],
        "curves": [_curve(curve) for curve in entry.curves],
        "places": [_place(place) for place in entry.places],
        "tiles": [_tile(tile) for tile in entry.tiles],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "label": finding.label,
        "probability": _number(finding.probability),
        "interval": _pair(finding.interval),
        "threshold": finding.threshold,
        "threshold_source": finding.threshold_source,
        "position": finding.position,
        "positive": finding.positive,
        "beside": finding.beside or None,
        "calibrated_at_prevalence": finding.calibrated_at_prevalence,
        "site": finding.site and _site(finding.site),
        "image": _image(finding.image),
    }


def _site(site: SiteProbability) -> dict[str, Any]:
    return {
        "prevalence": site.prevalence,
        "probability": _number(site.probability),
        "interval": _pair(site.interval),
        "source": site.source,
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    reference = measurement.reference
    return {
        "code": measurement.code,
        "label": measurement.label,
        "value": _number(measurement.value),
        "unit": measurement.unit,
        "method": measurement.method,
        "interval": _pair(measurement.interval),
        "reference": reference and {"low": reference.low, "high": reference.high, "source": reference.source},
        "meaning": measurement.meaning,
        "no_reference": measurement.no_reference,
        "position": measurement.position,
    }


def _risk(risk: Risk) -> dict[str, Any]:
    return {
        "code": risk.code,
        "label": risk.label,
        "probability": _number(risk.probability),
        "interval": _pair(risk.interval),
        "horizon_days": risk.horizon_days,
        "survival": [[_number(day), _number(alive)] for day, alive in risk.survival],
        "contributions": [
            {
                "name": part.name,
                "value": part.value,
                "effect": _number(part.effect),
                "code": part.code,
                "unit": part.unit,
                "source": part.source,
            }
            for part in risk.contributions
        ],
        "kind": risk.kind,
        "score": _number(risk.score),
        "average": _number(risk.average),
        "calibrated_at_prevalence": _number(risk.calibrated_at_prevalence),
        "in_set": risk.in_set,
    }


def _mask(mask: Mask, pack_id: str, files: WrittenFiles) -> dict[str, Any]:
    return {
        "code": mask.code,
        "label": mask.label,
        "file": files.masks.get((pack_id, mask.code)),
        "overlay": files.overlays.get((pack_id, mask.code)),
        "image": _image(mask.image),
    }


def _volume(mask: VolumeMask, pack_id: str, files: WrittenFiles) -> dict[str, Any]:
    """Return an outline through a stack; its ``image`` is the first that is there."""
    first = next(ref for row in mask.refs for ref in row if ref is not None)
    return {
        "code": mask.code,
        "label": mask.label,
        "file": files.masks.get((pack_id, mask.code)),
        "overlay": files.overlays.get((pack_id, mask.code)),
        "image": _image(first),
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "code": curve.code,
        "label": curve.label,
        "unit": curve.unit,
        "values": [_number(value) for value in curve.values],
        "times_ms": [_number(time) for time in curve.times_ms],
        "frames": dict(curve.marks),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "x": round(place.x, 1),
        "y": round(place.y, 1),
        "radius": round(place.radius, 1),
        "probability": round(place.probability, 4),
        "above": place.above,
    }


def _tile(tile: TileScore) -> dict[str, Any]:
    return {
        "finding": tile.finding,
        "top": tile.top,
        "left": tile.left,
        "side": tile.side,
        "probability": _number(tile.probability),
        "interval": _pair(tile.interval),
        "position": tile.position,
    }


def _heatmap(heatmap: Heatmap, pack_id: str, files: WrittenFiles) -> dict[str, Any]:
    return {
        "finding": heatmap.finding,
        "file": files.heatmaps.get((pack_id, heatmap.finding)),
        "overlay": files.overlays.get((pack_id, heatmap.finding)),
        "shown": heatmap.shown,
        "image": _image(heatmap.image),
    }


def _image(image: ImageRef) -> dict[str, Any]:
    return {"sop_instance_uid": image.sop_instance_uid, "file": image.file, "frame": image.frame}


def _pair(interval: tuple[float, float] | None) -> list[float | None] | None:
    return None if interval is None else [_number(interval[0]), _number(interval[1])]


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
