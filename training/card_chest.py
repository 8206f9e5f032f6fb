"""Write the cards of the two first chest packs from measured figures; torch-free."""

from __future__ import annotations

from evaluation.card_tables import (
    Measured,
    engine_table,
    figure_table,
    refusal_table,
    reliability_table,
    table,
)
from training.card import RELIABILITY, bounds_in_words, score_engine_table, stranger_table
from training.card_speed import speed_parts

_LUNGS = """# Lung outline on chest X-rays (`chest-lungs` {version}, assist)

**Intended use.** Outlines the left and the right lung field on frontal chest X-rays of children and
adults, for display and for packs that look inside the lungs. It finds no disease. The outline includes
the lung behind the heart, so that no cardiothoracic ratio can be taken from it. "Left" and "right" assume
the standard display; an image is never mirrored, and a mirrored image cannot be told from dextrocardia.

**Not for.** Finding or excluding disease; lateral views; volumes.

**Data.** Children of 1 to 5 years (Kermany v2, one hospital in Guangzhou) with lung masks of the V7 Labs
COVID-19 X-ray dataset; adults (Cohen et al., CC BY images only, all COVID-19) with masks of the same set;
for the image's sense and for familiarity also adults of the National Library of Medicine (Shenzhen,
Montgomery), which have no masks. Patients are split by a hash of their id: 12 % of the children, 30 % of
the adults were never seen by the weights. The two sets of children hold the same patients and are split
alike.

**Network.** U-Net of plain convolutions with skips by addition, {parameters} thousand parameters, 192 px
in, 96 px out; masks are brought to the source's size linearly, then thresholded at 0.5. One graph also
says how the image lies (four turns, normal or inverted, or no frontal chest X-ray) and how far it is from
the training images (Mahalanobis distance of pooled features). Weights are running averages over four stages
of training with gentler and gentler changes. How long each lasts was chosen with an eye on these held-out
patients.

**Limits and thresholds.** All gate limits come from training patients by one rule (percentiles with a
margin). The bundled sample study, which is drawn, played no part in them.
"""

_LUNGS_WEAK = """
## Known failures

- Lungs that are wholly white, large devices over the lungs, and bedside films of intensive care (the
  adults' lowest Dice).
- The adults with masks are few: their interval is wide.
- No X-ray of another body part but one limb (in many cuts) could be tried; drawn limbs, heads and
  pelvises stood in for the rest. A kind of X-ray that looks like a chest (an abdomen with much air, a
  lateral chest) may pass the gates.
- "Kinds not trained on" are kinds of which the network saw no image; it was not trained again with each
  kind left out.
"""

_PNEUMONIA = """# Pneumonia on chest X-rays of children (`chest-pneumonia-child` {version}, research)

**Intended use.** A second look at a frontal chest X-ray of a child of 1 to 5 years in whom a clinician
thinks of pneumonia. The clinician reads first. **Clinical signs decide**: respiratory rate, oxygen
saturation, danger signs. A score below the threshold does not exclude pneumonia, and nothing else is
looked for.

**Not for.** Deciding for or against treatment; telling bacterial from viral pneumonia; screening of well
children; other ages; lateral views.

**Data.** Kermany v2: children of 1 to 5 years, one hospital in Guangzhou, 74 % of the training images
with pneumonia. Labels are readers' labels of the image, not microbiology. 15 % of the training patients
(by a hash of their id) were kept apart for calibration, operating points and gate limits. Nothing was
fitted to the official test images, but what was measured on them guided choices, as the next lines say.

**How often the test was looked at.** {looks}

**Network.** Plain residual network, {parameters} thousand parameters, 160 px, that sees only inside the
lungs: the outlines of `chest-lungs` are cropped with a margin of 5 %, contrast is stretched inside them,
and everything outside is one constant. Training moved, roughened and cut the outlines and changed exposure,
so that borders, exposure and outline tell little. The lung network has itself seen most of the training
children, but none of the test; how well it outlines children that it has seen stands in its card. The
activation map (20 x 20) comes from the same pass and its mean is the logit.

**Calibration.** Inductive Venn-Abers on the patients kept apart, seen as they are and, with half that
weight, through other exposures and slightly other outlines, and weighted so that {prevalence:.1%} are ill:
the published share of the official test set (74 % of the training images are ill). Where fewer children are
ill, the same probability means less. Calibration error: mean distance of score and share ill over ten bins,
weighted by images. Stated for other shares ill, the same scores have on the same images the error:
{stated}.
"""

_PNEUMONIA_WEAK = """
## Known failures

- One hospital, one country: expect worse elsewhere. No image of another hospital was available to measure
  how much.
- Scores in the middle of the scale are too high on the test images, and the calibration error depends on how
  many children are ill: see above.
- The map is coarse. It beats a map that marks the middle of each lung where lung is cut out of the picture
  as in training; where lung is blurred or darkened instead, taking away the middle of the lung lowers the
  score more than taking away what the map marks.
- Chests without pneumonia but in poor inspiration, or rotated, score too high.
- Other diseases of the chest were never seen; their scores mean nothing.
- The map shows where the model looked, not where disease is.
"""


def lungs_card(measured: Measured) -> str:
    """Return the card of `chest-lungs`."""
    parts = [
        _LUNGS.format(**measured["pack"]),
        "## Outlines",
        "Dice at the source's resolution, INT8 in ONNX Runtime; intervals: 1,000 bootstraps of patients.",
        figure_table(measured["figures"]),
        "## Engines and precisions (median Dice)",
        engine_table(measured["engines"]),
        "## Own images refused",
        refusal_table(measured["own_refused"]),
        "## Strangers refused",
        "Resampled to one size, grey, full contrast, with no header that could give them away.",
        stranger_table(measured["strangers_refused"]),
        "## Turned and inverted on purpose",
        _senses(measured["sense"]),
        *speed_parts(measured),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n" + _LUNGS_WEAK


def pneumonia_card(measured: Measured) -> str:
    """Return the card of `chest-pneumonia-child`."""
    stated = (
        f"{error:.3f} at {float(mix):.1%}" for mix, error in measured["calibration_error_stated_at"].items()
    )
    head = _PNEUMONIA.format(
        **measured["pack"],
        looks=measured["looks_at_test"],
        prevalence=measured["calibrated_at_prevalence"],
        stated=", ".join(stated),
    )
    parts = [
        head,
        "## Scores",
        'INT8 in ONNX Runtime; intervals: 1,000 bootstraps of patients. "All": gates off; "answered": on.',
        figure_table(measured["figures"]),
        f"Undecided (the interval crosses the threshold): {measured['undecided']:.1%} of the test images. "
        + bounds_in_words(measured["bounds"]),
        "## Beside it: what the data gives away",
        figure_table(measured["baselines"]),
        "## Reliability (test, all)",
        f"![Reliability]({RELIABILITY})",
        reliability_table(measured["reliability"]),
        "## Engines and precisions",
        score_engine_table(measured["engines"]),
        "## Own images refused",
        refusal_table(measured["own_refused"]),
        "## Strangers refused",
        stranger_table(measured["strangers_refused"]),
        "## The map",
        _map(measured["map_quality"]),
        *speed_parts(measured),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n" + _PNEUMONIA_WEAK


def _senses(rows: Measured) -> str:
    return table(
        ("shown as", "images", "right", "refused", "let through wrong"),
        [(n, *(str(r[key]) for key in ("images", "right", "refused", "wrong"))) for n, r in rows.items()],
    )


def _map(rows: Measured) -> str:
    deletion, insertion = rows["deletion_area"], rows["insertion_area"]
    lines = [
        (
            "share of heat inside the lungs (the lungs' share of the crop)",
            f"{rows['heat_inside_lungs']:.3f} ({rows['lungs_share_of_crop']:.3f})",
        ),
        (
            "deletion area, lung cut out, lower is better: map, random, centre",
            f"{deletion['map']:.3f}, {deletion['random']:.3f}, {deletion['centre']:.3f}",
        ),
        (
            "insertion area, lung cut out, higher is better: map, random, centre",
            f"{insertion['map']:.3f}, {insertion['random']:.3f}, {insertion['centre']:.3f}",
        ),
        *(_fill_row(name, areas) for name, areas in rows["other_fills"].items()),
        ("correlation with maps of shuffled weights", f"{rows['correlation_with_random_weights']:.3f}"),
        ("correlation under small shifts", f"{rows['correlation_under_small_shifts']:.3f}"),
        ("may be shown", "yes" if rows["passes"] else "no: the window and the report show none"),
    ]
    return table(("measure", f"value ({rows['images']} test images of pneumonia)"), lines)


def _fill_row(name: str, areas: Measured) -> tuple[str, str]:
    deletion, insertion = areas["deletion_area"], areas["insertion_area"]
    values = (deletion[order] for order in ("map", "random", "centre"))
    others = (insertion[order] for order in ("map", "random", "centre"))
    return (
        f"not decisive: lung {name}; deletion, insertion, and score without any lung",
        f"{', '.join(f'{v:.3f}' for v in values)}; {', '.join(f'{v:.3f}' for v in others)}; "
        f"{areas['score_when_all_is_removed']:.3f}",
    )
