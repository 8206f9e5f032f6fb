"""Which packs answer on a folder of all kinds of pictures: `python -m training.mixed [--write]`.

Pictures without a header, of patients and source tiles that no weight has seen, go through the application as
`analyze FOLDER` takes them, demonstrations included. `--write` writes the table into the page.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evaluation.card_tables import table
from services.analyze import AnalysisOptions
from services.batch import BatchRequest, run_batch
from training import strangers
from training.kept_apart import SETS, SMEARS, STAINED, Content, PictureSet, evenly, write

PAGE = Path("docs/mixed-folders.md")
BEGIN, END = "<!-- measured -->\n", "<!-- measured until here -->\n"
EACH, OF_SMEARS = 20, 10
AGES = 3.0, 40.0
"""Years at which pictures of no age are asked: each pack with a range of ages has one of them in it."""
NOTHING = "nothing"
_STRANGE: Mapping[str, tuple[Callable[[], Iterator[Content]], int]] = {
    "coronary angiogram": (strangers.angiogram, 12),
    "photographs and drawings, as they are": (strangers.photograph_files, 28),
    "cuts of them, grey": (strangers.photographs, 12),
    "X-ray of a limb": (strangers.extremity_xray, 12),
    "pydicom's test pictures": (strangers.pydicom_files, 12),
}
"""Pictures that are for no pack, and how many of each."""

Chosen = Sequence[tuple[PictureSet, tuple[Content, ...]]]


def chosen_sets(each: int = EACH) -> Iterator[tuple[PictureSet, tuple[Content, ...]]]:
    """Yield each set with at most so many pictures, evenly chosen."""
    for one in SETS:
        found = list(islice(one.pictures(), OF_SMEARS if one in {SMEARS, STAINED} else None))
        yield one, evenly(found, each)
    for name, (make, count) in _STRANGE.items():
        yield PictureSet(name=name, pictures=make, right=frozenset()), evenly(list(make()), count)


def counted(chosen: Chosen) -> dict[str, Counter[str]]:
    """Return, for each set, on how many pictures each pack answered, and on how many nothing did.

    Chest X-rays are asked with an age like their patients', all others with each of `AGES`: a pack for
    grown-ups, or for children, has its chance with every stranger.
    """
    counts: dict[str, Counter[str]] = {one.name: Counter() for one, _ in chosen}
    with TemporaryDirectory() as place:
        heard: dict[tuple[str, str], set[str]] = {}
        for age in AGES:
            folder = Path(place) / f"{age:g}"
            folder.mkdir()
            names = {
                write(picture, folder / f"{number:02}-{index:03}").name: one.name
                for number, (one, pictures) in enumerate(chosen)
                for index, picture in enumerate(pictures)
                if one.age in {None, age}
            }
            for file, packs in _answered(folder, age).items():
                heard.setdefault((names[file], file), set()).update(packs)
    for (name, _), packs in heard.items():
        counts[name].update(packs or {NOTHING})
    return counts


def page_part(chosen: Chosen, counts: Mapping[str, Counter[str]]) -> str:
    """Return the table, and how many answers were those of a pack for another kind, or a sibling kind."""
    packs = sorted({pack for one in counts.values() for pack in one} - {NOTHING})
    rows, wrong, sibling = [], 0, 0
    for one, pictures in chosen:
        count = counts[one.name]
        cells = [_cell(count[pack], one, pack) for pack in packs]
        rows.append((one.name, str(len(pictures)), *cells, str(count[NOTHING] or "")))
        wrong += sum(count[pack] for pack in packs if pack not in one.right | one.siblings)
        sibling += sum(count[pack] for pack in one.siblings)
    total = sum(len(pictures) for _, pictures in chosen)
    head = ("pictures", "number", *(f"`{pack}`" for pack in packs), NOTHING)
    return (
        f"{total} pictures; answers of a pack for another kind, in bold: {wrong}; of one for a sibling "
        f"kind, in italics: {sibling}.\n\n{table(head, rows)}"
    )


def _answered(folder: Path, age: float) -> dict[str, set[str]]:
    """Return which packs answered on each file of a folder of patients of an age."""
    patient, out = folder.with_suffix(".json"), folder.with_suffix(".out")
    patient.write_text(json.dumps({"age_years": age}), encoding="utf-8")
    request = BatchRequest(
        paths=(str(folder),),
        out=out,
        options=AnalysisOptions(demonstration=True),
        patient_file=patient,
        with_pdf=False,
    )
    run_batch(request)
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return {Path(record["source"]["path"]).name: _spoke(record) for record in records}


def _spoke(record: Mapping[str, Any]) -> set[str]:
    """Return the packs that answered on the picture of a record; not those that read values."""
    return {one["pack"]["id"] for one in record["results"] if one["status"] == "ok" and not one["risks"]}


def _cell(count: int, pictures: PictureSet, pack: str) -> str:
    if not count:
        return ""
    mark = "" if pack in pictures.right else "*" if pack in pictures.siblings else "**"
    return f"{mark}{count}{mark}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it into the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each set of a pack's own kind")
    parsed = parser.parse_args(arguments)
    chosen = list(chosen_sets(parsed.each))
    text = page_part(chosen, counted(chosen))
    print(text)
    if parsed.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
