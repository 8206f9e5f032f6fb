"""Small packs that read values, with coefficients made by hand so that what they must say is known.

``toy-risk`` is a Cox model of age, ejection fraction and smoking; ``toy-groups`` tells three groups from one
value; ``toy-odds`` is logistic and calibrated.
"""

import json
import math
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from inference.build import write_checksums
from inference.manifest_reader import parse_manifest
from inference.risk_golden import write_golden_table
from inference.table_model import Values
from inference.table_reader import parse_table

RISK_TOML = """\
schema = "farlight-pack/1"
id = "toy-risk"
version = "1.0.0"
title = "Toy risk"
class = "demonstration"
task = "risk"
intended_use = "Tests."
not_for = ["patients"]

[licence]
spdx = "Apache-2.0"
commercial_use = true
attribution = "nobody"

[applies]
age_years = { minimum = 40.0, maximum = 95.0 }

[uses]
cardiac-cine = ">=1.0.0,<2.0.0"

[outcome]
model = "cox"
horizon_days = 180
prevalence = 0.25
calibration = "made by hand"

[[inputs]]
code = "age_years"
title = "Age"
kind = "number"
unit = "years"
minimum = 0.0
maximum = 120.0

[[inputs]]
code = "ejection_fraction"
title = "Ejection fraction"
kind = "number"
unit = "%"
minimum = 5.0
maximum = 90.0
seen = [14.0, 80.0]
help = "Of the left ventricle."
measurement = "lv_ef"
method = "echocardiography"

[[inputs]]
code = "smoking"
title = "Smoking"
kind = "choice"
choices = [{ value = "no", title = "No" }, { value = "yes", title = "Yes" }]
required = false

[[labels]]
code = "death"
title = "Death"

[training_data]
text = "made by hand"
population = "nobody"
"""

BASELINE = {"days": [0, 30, 90, 180, 270], "survival": [1.0, 0.95, 0.9, 0.8, 0.7]}
INTERCEPT = math.log(-math.log(0.8))
COEFFICIENTS = [0.5, 0.04, 0.3]
RISK_TABLE: dict[str, Any] = {
    "schema": "farlight-table/1",
    "terms": [
        {"input": "age_years", "function": "identity", "centre": 60.0, "scale": 12.0},
        {"input": "ejection_fraction", "function": "below", "number": 45.0, "centre": 10.0, "scale": 1.0},
        {"input": "smoking", "function": "equals", "choice": "yes", "centre": 0.3, "scale": 1.0},
    ],
    "labels": [{"code": "death", "intercept": INTERCEPT, "coefficients": COEFFICIENTS}],
    "baseline": BASELINE,
    "draws": [
        [INTERCEPT + 0.002 * (i - 60), *(c * (1 + 0.004 * (i - 60)) for c in COEFFICIENTS)]
        for i in range(120)
    ],
}
PATIENTS: list[Values] = [
    {"age_years": 60.0, "ejection_fraction": 35.0, "smoking": "no"},
    {"age_years": 75.0, "ejection_fraction": 20.0, "smoking": "yes"},
]

GROUPS_TOML = RISK_TOML.replace("toy-risk", "toy-groups").replace("Toy risk", "Toy groups").replace(
    'model = "cox"\nhorizon_days = 180\nprevalence = 0.25', 'model = "multinomial"'
).replace('[[labels]]\ncode = "death"\ntitle = "Death"', "") + "".join(
    f'\n[[labels]]\ncode = "{code}"\ntitle = "{code.upper()}"\n' for code in ("nor", "dcm", "hcm")
)
GROUPS_TABLE: dict[str, Any] = {
    **{key: value for key, value in RISK_TABLE.items() if key != "baseline"},
    "labels": [
        {"code": "nor", "intercept": 0.0, "coefficients": [0.0, -0.2, 0.0]},
        {"code": "dcm", "intercept": -0.5, "coefficients": [0.1, 0.3, 0.0]},
        {"code": "hcm", "intercept": 0.2, "coefficients": [0.2, -0.1, 0.4]},
    ],
    "set_threshold": 0.25,
    "draws": [
        [0.01 * (i - 50), 0.0, -0.2, 0.0, -0.5, 0.1, 0.3, 0.0, 0.2, 0.2, -0.1, 0.4] for i in range(100)
    ],
}
ODDS_TOML = (
    RISK_TOML.replace("toy-risk", "toy-odds")
    .replace('model = "cox"\nhorizon_days = 180', 'model = "logistic"')
    .replace('class = "demonstration"', 'class = "research"')
)
BOUNDS = {
    "logits": [-6.0, -2.0, -1.0, 0.0, 2.0],
    "lower": [0.0, 0.1, 0.2, 0.4, 0.8],
    "upper": [0.05, 0.2, 0.4, 0.5, 1.0],
}
ODDS_TABLE: dict[str, Any] = {
    **{key: value for key, value in RISK_TABLE.items() if key not in ("baseline", "draws")},
    "bounds": BOUNDS,
}


def make_risk(
    folder: Path,
    toml: str = RISK_TOML,
    table: dict[str, Any] | None = None,
    patients: Sequence[Values] = tuple(PATIENTS),
) -> Path:
    """Write a pack that reads values, whole with golden answers and checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    content = deepcopy(RISK_TABLE if table is None else table)
    (folder / "pack.toml").write_text(toml, encoding="utf-8")
    (folder / "card.md").write_text("# Toy\n", encoding="utf-8")
    (folder / "LICENSE").write_text("Apache-2.0\n", encoding="utf-8")
    data = json.dumps(content).encode()
    (folder / "table.json").write_bytes(data)
    manifest = parse_manifest(toml, with_files=False)
    write_golden_table(folder, manifest, parse_table(data, manifest), list(patients))
    write_checksums(folder)
    return folder


RECURRENCE_TOML = (
    RISK_TOML.replace("toy-risk", "toy-recurrence")
    .replace("Toy risk", "Toy recurrence")
    .replace('[uses]\ncardiac-cine = ">=1.0.0,<2.0.0"\n', "")
    .replace('measurement = "lv_ef"\nmethod = "echocardiography"\n', "")
    .replace("ejection_fraction", "nodes")
    .replace("Ejection fraction", "Nodes")
)
HEART_TOML = (
    RISK_TOML.replace("toy-risk", "toy-heart")
    .replace("Toy risk", "Toy heart")
    .replace(
        "[[labels]]",
        """[[inputs]]
code = "volume"
title = "Volume"
kind = "number"
unit = "ml"
minimum = 20.0
maximum = 700.0
measurement = "lv_edv"
required = false

[[labels]]""",
    )
)
HEART_TABLE: dict[str, Any] = {
    **RISK_TABLE,
    "terms": [
        *RISK_TABLE["terms"],
        {"input": "volume", "function": "identity", "centre": 150.0, "scale": 50.0},
    ],
    "labels": [{"code": "death", "intercept": INTERCEPT, "coefficients": [*COEFFICIENTS, 0.1]}],
    "draws": [[*draw, 0.1] for draw in RISK_TABLE["draws"]],
}


def make_recurrence(folder: Path) -> Path:
    """Write ``toy-recurrence``, which builds on nothing that is measured."""
    return _renamed(folder, RECURRENCE_TOML, ejection_fraction="nodes")


def make_heart(folder: Path) -> Path:
    """Write ``toy-heart``: ``toy-risk`` with a volume that may be measured."""
    return make_risk(folder, HEART_TOML, HEART_TABLE)


def _renamed(folder: Path, toml: str, **names: str) -> Path:
    """Write ``toy-risk`` with other names for its values."""
    text = json.dumps(RISK_TABLE)
    for old, new in names.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    patients = [{names.get(code, code): value for code, value in one.items()} for one in PATIENTS]
    return make_risk(folder, toml, json.loads(text), patients)


def make_groups(folder: Path) -> Path:
    """Write ``toy-groups``."""
    return make_risk(folder, GROUPS_TOML, GROUPS_TABLE)


def make_odds(folder: Path) -> Path:
    """Write ``toy-odds``, of the class research: it is asked without being enabled."""
    return make_risk(folder, ODDS_TOML, ODDS_TABLE)
