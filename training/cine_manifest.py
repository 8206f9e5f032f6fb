"""What `cardiac-cine` says of itself; measured numbers are filled in by the build and by the evaluation."""

from __future__ import annotations

from training.manifest_text import Inline

PACK = "cardiac-cine"
SIZE, SPACING_MM = 128, 1.5
LOW, HIGH = 1.0, 99.0
"""Percentiles that the intensity of a slice is stretched between."""
WIDE = 1.5
"""How much wider the first look is, which finds the heart."""
ATTRIBUTION = (
    "Trained on short-axis cine MRI of the Automated Cardiac Diagnosis Challenge (ACDC): Bernard et al., "
    "IEEE TMI 37:2514, 2018 (CC BY-NC-SA 4.0)."
)
LICENCE: dict[str, object] = {
    "spdx": "CC-BY-NC-SA-4.0",
    "commercial_use": False,
    "acceptance": True,
    "attribution": ATTRIBUTION,
}
ROLES = {"masks": "masks", "familiarity": "familiarity"}
NUMBERS = (
    ("lv_ef", "LV ejection fraction", "%"),
    ("lv_edv", "LV end-diastolic volume", "ml"),
    ("lv_esv", "LV end-systolic volume", "ml"),
    ("lv_sv", "LV stroke volume", "ml"),
    ("lv_mass", "LV mass", "g"),
    ("rv_ef", "RV ejection fraction", "%"),
    ("rv_edv", "RV end-diastolic volume", "ml"),
    ("rv_esv", "RV end-systolic volume", "ml"),
    ("rv_sv", "RV stroke volume", "ml"),
)
COVERAGE = 0.9
MANIFEST: dict[str, object] = {
    "schema": "farlight-pack/1",
    "id": PACK,
    "version": "1.0.0",
    "title": "Ventricles on short-axis cine MRI",
    "class": "research",
    "task": "measure",
    "intended_use": "Outlines both ventricles and the wall of the left one on short-axis cine MRI of adults, "
    "all slices and phases, and measures volumes, ejection fractions and mass, for a clinician who looks at "
    "the outlines.",
    "not_for": [
        "deciding on treatment without a look at the outlines",
        "children",
        "congenital heart disease",
        "long-axis views, late enhancement, flow or perfusion",
        "commercial use: the licence of the training data forbids it",
    ],
    "weak_where": [
        "the outermost slices at base and apex",
        "the right ventricle near its valve, and its ejection fraction, which reads low in the mean",
        "breath held unlike from slice to slice",
        "irregular rhythm",
    ],
    "not_looked_for": [
        "scar",
        "valves",
        "motion of single segments",
        "effusion",
        "anything outside the heart",
    ],
    "licence": LICENCE,
    "citations": [
        {"text": "Bernard et al., IEEE TMI 37:2514, 2018", "doi": "10.1109/TMI.2018.2837502"},
        {
            "text": "Schulz-Menger et al., J Cardiovasc Magn Reson 22:19, 2020",
            "doi": "10.1186/s12968-020-00610-6",
        },
    ],
    "applies": {
        "modalities": ["MR"],
        "body_parts": ["HEART", "CHEST", "THORAX", "CARDIAC"],
        "colour": "grey",
        "multi_frame": True,
        "trained_on_ages": Inline(minimum=18.0, maximum=150.0),
    },
    "input": {
        "name": "image",
        "size": [SIZE, SIZE],
        "channels": 3,
        "region": Inline(rule="whole"),
        "resize": "crop",
        "intensity": Inline(rule="percentile", low=LOW, high=HIGH, within="image"),
    },
    "output": ROLES,
    "measure": {
        "rule": "short-axis-cine",
        "spacing_mm": SPACING_MM,
        "locate_factor": WIDE,
        "smallest_stack": 4,
        "batch": 8,
        "coverage": COVERAGE,
    },
    "labels": [
        {"code": "rv", "title": "Right ventricle", "coding": Inline(system="SNOMED CT", code="53085002")},
        {
            "code": "myocardium",
            "title": "Wall of the left ventricle",
            "coding": Inline(system="SNOMED CT", code="74281007"),
        },
        {"code": "lv", "title": "Left ventricle", "coding": Inline(system="SNOMED CT", code="87878005")},
    ],
    "training_data": {
        "text": "ACDC, 65 patients at end-diastole and end-systole; 15 others, by a hash of their name, "
        "were kept out of the training, but looked at to end it. The intervals' widths come from networks of "
        "four folds of the 65, each on patients that it had not seen.",
        "population": "Adults of one hospital (Dijon), 1.5 and 3 tesla: without disease, dilated or "
        "hypertrophic cardiomyopathy, infarct, abnormal right ventricle",
    },
}


def measurements(errors: dict[str, tuple[float, float]]) -> list[dict[str, object]]:
    """Return the table of what is measured; `errors` are (absolute, relative) half widths by code."""
    rows: list[dict[str, object]] = []
    for code, title, unit in NUMBERS:
        absolute, relative = errors.get(code, (0.0, 0.0))
        rows.append(
            {"code": code, "title": title, "unit": unit, "error": absolute, "relative_error": relative}
        )
    return rows
