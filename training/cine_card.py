"""Write the card of `cardiac-cine` from its measured figures; torch-free."""

from __future__ import annotations

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

**Intervals.** Half widths come from the errors on the same {held_out} held-out patients as the figures,
by the conformal rule for {coverage:.0%}: with so few that is nearly the largest error. **How often such an
interval holds the truth in other patients was not measured**, and cannot be with {held_out}: it needs
patients that set neither the widths nor the length of the training."""

_FAILURES = """## Known failures

- Few held-out patients, one hospital: the figures' intervals are wide, and other scanners may do worse.
  On the two Sunnybrook studies only the left ventricle's ejection fraction could be compared.
- The outermost slices: whether the most basal one belongs to the ventricle is a matter of convention, and
  the right ventricle near its valve is the least sure of all. Base, middle and apex stand apart in the
  table.
- The apex of the right ventricle holds few pixels: its Dice is low, its volume small.
- Phases between both ends of the beat were never trained on; the curve is smoothed before its ends are
  looked for.
- The brightness of the training images was scaled for each phase alone.
- An irregular rhythm, or breath held unlike from slice to slice, makes volumes wrong without a word from
  the pack.
- A stack of another organ that holds a bright ring may pass the gates: see the strangers above."""


def card(measured: dict[str, Any]) -> str:
    """Return the card."""
    facts = {**measured["pack"], **measured["patients"], "coverage": COVERAGE}
    parts = [
        _HEAD.format(**facts),
        "## Outlines and numbers",
        "INT8 in OpenVINO, through the application, from NIfTI files of two phases; Dice through the whole "
        "stack at the source's resolution; intervals: 1,000 bootstraps of patients. **How long the training "
        "lasted was chosen with an eye on these held-out patients**: the figures are flattered by that, "
        "nobody knows how much.",
        figure_table(measured["figures"]),
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
        _FAILURES,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


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
