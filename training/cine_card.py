"""Write the card of `cardiac-cine` from its measured figures; torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation.card_tables import Measured, engine_table, figure_table, refusal_table, table
from training.card_speed import speed_parts
from training.cine_manifest import COVERAGE

_HEAD = """# Ventricles on short-axis cine MRI (`cardiac-cine` {version}, research)

**Intended use.** Outlines both ventricles and the wall of the left one on short-axis cine MRI of adults,
in all slices and phases, and measures volumes, ejection fractions and the mass of the left ventricle, for
a clinician who looks at the outlines. Two phases (end-diastole and end-systole) are enough.

**Not for.** Deciding on treatment without a look at the outlines; children; congenital heart disease;
long-axis views, late enhancement, flow or perfusion; commercial use.

**Licence.** CC BY-NC-SA 4.0, as the training data: non-commercial, shared alike. It is shown wherever the
pack speaks, and must be accepted before the pack is installed.

**Data.** ACDC (Bernard et al., 2018): short-axis cine MRI of adults from one hospital, with both ends of
the beat outlined by an expert. {trained} patients were trained on, {held_out} others, by a hash of their
name, never; patient074 and patient076, one scan labelled twice, stand on one side. How long the training
lasted was chosen with an eye on the held-out patients' Dice. The two Sunnybrook studies (other scanner,
other country) played no part in training or choice.

**Convention.** Small muscles and papillaries count to the cavity, as in the reference outlines. Mass is
taken at end-diastole, 1.05 g/ml. A slice's volume is its area times the distance of its neighbours;
end-diastole and end-systole are the largest and the smallest left ventricle of the curve through the
beat.

**Network.** U-Net of plain convolutions with skips by addition, {parameters} thousand parameters; it sees
a slice with both neighbours, 128 pixels of 1.5 mm. A first, wider look finds the heart; the sense
(quarter turns and mirrors) is the one in which the network is surest. Of each structure the largest body
is kept.

**Folds.** The {trained} patients that the shipped network was trained on were dealt to four folds by a hash
of their name; for each fold a network was trained on all other patients, as the shipped one but more
shortly, its schedule fixed beforehand. It measured the patients of its fold through the application. These
networks do not ship. What they measured stands in `folds.json`; `make evaluate` asks them again.

**Intervals.** Half widths come from the errors of the folds' networks on those of these patients whom they
measured ({set_by}, the scan that was labelled twice counted once), by the conformal rule for
{coverage:.0%}. How often such intervals hold was counted on patients who set none of their widths: see
below."""

_FAILURES = """## Known failures

- One hospital, {crossed} patients: the figures' intervals are wide, and other scanners may do worse.
  On the two Sunnybrook studies only the left ventricle's ejection fraction could be compared.
- The outermost slices: whether the most basal one belongs to the ventricle is a matter of convention, and
  the right ventricle near its valve is the least sure of all. Base, middle and apex stand apart in the
  table.
- The right ventricle's ejection fraction reads low: by {rv_low:.1f} points in the mean over all patients
  (95 % interval {rv_from:.1f} to {rv_to:.1f}); its groups stand in the table.
- The apex of the right ventricle holds few pixels: its Dice is low, its volume small.
- Phases between both ends of the beat were never trained on; the curve is smoothed before its ends are
  looked for.
- The brightness of the training images was scaled for each phase alone.
- An irregular rhythm, or breath held unlike from slice to slice, makes volumes wrong without a word from
  the pack.
- A stack of another organ that holds a bright ring may pass the gates: see the strangers above."""


def card(measured: dict[str, Any]) -> str:
    """Return the card."""
    facts = {**measured["pack"], **measured["patients"], "coverage": COVERAGE, **_right(measured)}
    facts["set_by"] = set_by(measured["coverage"])
    parts = [
        _HEAD.format(**facts),
        "## Outlines and numbers",
        "INT8 in OpenVINO, through the application, from NIfTI files of two phases; Dice through the whole "
        "stack at the source's resolution; intervals: 1,000 bootstraps of patients. **How long the training "
        "lasted was chosen with an eye on these held-out patients**, seen when training was ended: the "
        "figures are flattered by that, nobody knows how much.",
        figure_table(measured["figures"]),
        "## All patients, cross-validated",
        f"Each patient by a network that has not seen them: the {facts['held_out']} held-out patients by "
        "the shipped network, the others by those of the "
        f"folds, {facts['crossed']} in all (one scan was labelled twice; it stands in one fold and counts as "
        "one patient, with both labellings); INT8 in OpenVINO, through the application. Those who were "
        "refused are left out of the rows. The held-out ones were looked at to end the training of the "
        "shipped network; nothing was chosen by the others. By group of the study: with so few in a group "
        "the intervals are wide.",
        figure_table(measured["over_folds"]),
        "## How often the intervals hold",
        f"Aimed at: {COVERAGE:.0%}. *Shipped*: the intervals of the pack as it ships, on the held-out "
        "patients, who set no width. *Crossed*: each patient of every fold, by widths from the other folds "
        "alone. In brackets the 95 % interval of such a share. A half width in % is of the number itself.",
        _coverage(measured["coverage"]),
        "## Another scanner, another country: two Sunnybrook studies (DICOM, 20 phases)",
        "LV ejection fraction in %, beside that of the contours which come with the studies.",
        _sunnybrook(measured["sunnybrook"]),
        "## Engines and precisions (mean Dice)",
        engine_table(measured["engines"]),
        "## Own patients refused",
        refusal_table(measured["refused"]),
        _turned(measured),
        "## Strangers refused",
        refusal_table(measured["strangers"]),
        *speed_parts(measured),
        _FAILURES.format(**facts),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def set_by(rows: Sequence[Measured]) -> str:
    """Return of how many patients' errors the widths of the intervals were taken: the fewest to the most."""
    counts = sorted({int(row["set_by"]) for row in rows})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _turned(measured: Measured) -> str:
    """Return which patients were refused when turned, whom the row on turned patients leaves out."""
    refused = measured["refused_turned"]
    if not refused:
        return "Turned by 180 degrees, all of them are measured."
    verb, left = ("is", "it") if len(refused) == 1 else ("are", "them")
    counted = measured["patients"]["held_out"] - len(refused)
    return (
        f"Turned by 180 degrees, {', '.join(refused)} {verb} refused: the row on turned patients in the "
        f"table of numbers leaves {left} out and counts {counted}."
    )


def _right(measured: Measured) -> dict[str, float]:
    """Return how far the right ventricle's ejection fraction reads low over all patients."""
    metric = "RV ejection fraction, mean error (points)"
    (row,) = (
        one
        for one in measured["over_folds"]
        if one["metric"] == metric and one["population"].endswith(", all")
    )
    low, high = row["interval"]
    return {"rv_low": -row["value"], "rv_from": -high, "rv_to": -low}


def _coverage(rows: Sequence[Measured]) -> str:
    head = ("number", "half width", "set by patients", "shipped: hold the truth", "crossed: hold the truth")
    return table(
        head,
        [
            (row["number"], _width(row), str(row["set_by"]), _held(row["shipped"]), _held(row["crossed"]))
            for row in rows
        ],
    )


def _width(row: Measured) -> str:
    return f"{row['half_width']:.1f} points" if row["unit"] == "%" else f"{row['half_width']:.0%}"


def _held(share: Measured) -> str:
    low, high = share["interval"]
    rate = share["held"] / share["patients"]
    return f"{share['held']} of {share['patients']}: {rate:.0%} ({low:.0%} to {high:.0%})"


def _sunnybrook(rows: Measured) -> str:
    engines = [
        name for name in next(iter(rows.values())) if name.split(" ")[0] in ("onnxruntime", "openvino")
    ]
    return table(
        ("study", "contours", *engines),
        [
            (name, f"{row['reference']:.1f}", *(_number(row[engine]) for engine in engines))
            for name, row in rows.items()
        ],
    )


def _number(value: float | None) -> str:
    return "refused" if value is None else f"{value:.1f}"
