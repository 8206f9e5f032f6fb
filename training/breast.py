"""How `breast-ultrasound` is made: a lesion's outline, and what the lesion is, from one small network."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from evaluation.calibration import fit_table
from evaluation.figures import area_under_curve
from inference import preprocess
from training import augment, pack_files, pack_folder
from training.breast_manifest import FINDINGS, MANIFEST, MASK, PACK, SIZE
from training.classify_pack import FAMILIAR_SLACK, TAIL
from training.data import Bytes, data_folder, read_grey, rows_of, stretched_bytes
from training.gates import Bound, measures_of, set_limits
from training.networks import LesionNet, LesionPack
from training.samples import Part, as_grey
from training.scored_label import scored_label
from training.splits import scan_part
from training.stranger_sets import training_bank
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

PARTS: tuple[Part, ...] = ("train", "calibrate", "test")
LABELS = ("malignant", "benign", "normal")
TWO_LABELS = ("benign-85", "benign-333", "benign-399", "benign-406")
"""One frame of each of these groups stands in the set under both labels: the groups are left out."""
LOW, HIGH = 1.0, 99.0
BATCH, STRANGE, SMOOTHING = 16, 4, 0.03
SCHEDULE = Schedule(steps=7000, rate=2e-3, report_every=200, average=0.998)
MOVES = augment.Geometry(turn_degrees=20, scale=0.3, aspect=0.25, shift=0.15, warp=0.04)
LIGHTS = augment.Photometry(gamma=0.6, window=0.25, noise=0.08, blur=0.4, shading=0.35)
POINTS = {"sensitivity-95": 0.95}
"""One point: of the few malignant lesions that calibrate, 95 % and 90 % differ by a single one."""
BOUNDS = (
    Bound(gate="exposure", measure="contrast", low=True, high=False, slack=0.2),
    Bound(gate="sharpness", measure="aspect", low=False, high=True, slack=0.5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One ultrasound image: grey bytes and mask (row, column), its label, its near-duplicates' group."""

    grey: Bytes
    mask: NDArray[np.bool_]
    label: str
    group: str

    @property
    def part(self) -> Part:
        """What the image serves; its near-duplicates serve the same."""
        return scan_part(self.group)


def scans() -> list[Scan]:
    """Read all images but the groups that stand under both labels."""
    root = data_folder() / "breast-ultrasound-busi"
    rows = rows_of(root)
    left_out = {row["group"] for row in rows if Path(row["image"]).stem in TWO_LABELS}
    found = []
    for row in rows:
        if row["group"] in left_out:
            continue
        grey = read_grey(root / row["image"])
        mask = read_grey(root / row["mask"]) > 127 if row["mask"] else np.zeros(grey.shape, np.bool_)
        found.append(Scan(grey=grey, mask=mask, label=row["label"], group=row["group"]))
    return found


def part(scans_: Sequence[Scan], name: Part) -> list[Scan]:
    """Return the scans of one part."""
    return [scan for scan in scans_ if scan.part == name]


def counts() -> dict[str, dict[str, int]]:
    """Return, for each part, how many images and groups serve it, and how many images of each label."""
    everything = scans()
    found: dict[str, dict[str, int]] = {}
    for name in PARTS:
        own = part(everything, name)
        labels = {label: sum(scan.label == label for scan in own) for label in LABELS}
        found[name] = {"images": len(own), "groups": len({scan.group for scan in own}), **labels}
    return found


def truth_of(scans_: Sequence[Scan], code: str) -> NDArray[np.int64]:
    """Return 1 for each scan of one label."""
    return np.array([int(scan.label == code) for scan in scans_])


def tensors_of(scans_: Sequence[Scan]) -> NDArray[np.float32]:
    """Prepare scans exactly as the application does: (image, 1, row, column)."""
    return np.concatenate([tensor_of(as_grey(scan.grey)) for scan in scans_])


def tensor_of(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prepare one picture exactly as the application does."""
    return preprocess.prepare_whole(grey, size=(SIZE, SIZE), low=LOW, high=HIGH)


def with_marks(grey: Bytes, rng: np.random.Generator) -> Bytes:
    """Return a picture with callipers (crosses, a dotted line) and letters drawn at places of no meaning."""
    marked = grey.copy()
    rows, columns = grey.shape
    unit = max(3, min(rows, columns) // 40)
    spots = rng.integers((columns // 8, rows // 8), (columns * 7 // 8, rows * 7 // 8), (4, 2)).tolist()
    for x, y in spots[: int(rng.integers(2, 5))]:
        cv2.drawMarker(marked, (x, y), 255, cv2.MARKER_CROSS, 2 * unit, 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        for share in np.linspace(0, 1, 14):
            place = tuple(round(a + share * (b - a)) for a, b in zip(spots[0], spots[1], strict=True))
            cv2.circle(marked, place, 1, 220, -1)
    if rng.random() < 0.6:
        text = "".join(rng.choice(list("ABDLR+1234 "), int(rng.integers(2, 8))))
        corner = (int(rng.integers(2, columns // 2)), int(rng.integers(unit * 4, rows - unit)))
        cv2.putText(marked, text, corner, cv2.FONT_HERSHEY_SIMPLEX, unit / 9, 255, 1, cv2.LINE_AA)
    return marked


def train_weights(work: Path, *, resume: bool = False) -> Path:
    """Train on the training groups; return the weights' file."""
    everything = scans()
    kept, checked = part(everything, "train"), part(everything, "calibrate")
    own, truth = _cached(kept), torch.tensor(np.stack([truth_of(kept, code) for code in FINDINGS], 1)).float()
    foreign = torch.from_numpy(np.concatenate(list(training_bank("breast ultrasound").values())))
    tensors = torch.from_numpy(tensors_of(checked))
    malignant = truth_of(checked, "malignant")
    torch.manual_seed(SCHEDULE.seed)
    weight = torch.where(truth[:, 0] > 0, 1.6, 1.0)

    def loss(net: nn.Module, _step: int) -> Tensor:
        index = torch.multinomial(weight, BATCH, replacement=True)
        return _loss(net, own[index], truth[index], foreign[torch.randint(len(foreign), (STRANGE,))])

    def report(averaged: nn.Module, step: int) -> None:
        with torch.no_grad():
            outputs = [averaged(batch) for batch in tensors.split(16)]
        scores = torch.cat([o[1] for o in outputs])[:, 0].double().numpy()
        overlap = _dice(torch.cat([o[0] for o in outputs]).sigmoid().numpy(), checked)
        log.info("step %d: AUC %.4f, Dice %.4f", step, area_under_curve(scores, malignant), overlap)

    checkpoint = work / "weights.pt"
    train(LesionNet(), loss, SCHEDULE, checkpoint=checkpoint, on_report=report, resume=resume)
    return checkpoint


def build(weights: Path, models: Path) -> None:
    """Write the pack; its card and figures are added by the evaluation."""
    folder, network = models / PACK, LesionNet()
    network.load_state_dict(torch.load(weights))
    network.eval()
    everything = scans()
    trained, apart = tensors_of(part(everything, "train")), part(everything, "calibrate")
    pack = LesionPack(network)
    with torch.no_grad():
        features = [network(torch.from_numpy(trained[i : i + 16]))[4] for i in range(0, len(trained), 16)]
    pack.familiarity.fit(torch.cat(features), shrinkage=0.2)
    pack_folder.write_networks(pack, LesionPack.OUTPUTS, folder, trained[::2])
    golden = np.concatenate([tensor_of(as_grey(picture)) for picture in drawn_breasts()])
    manifest = dict(MANIFEST)
    manifest["tolerance"] = pack_folder.write_golden(folder, golden, MANIFEST["output"])
    pack_folder.write_licence(folder, MANIFEST["licence"])
    outputs = pack_folder.outputs_of(folder / "model.int8.onnx", tensors_of(apart))
    manifest["labels"] = [MASK]
    manifest["findings"] = [
        _finding(outputs["logits"][:, place].astype(float), apart, code, label)
        for place, (code, label) in enumerate(FINDINGS.items())
    ]
    far = float(np.quantile(outputs["familiarity"], 1 - TAIL))
    manifest["familiarity"] = {"maximum": float(f"{far * FAMILIAR_SLACK:.4g}")}
    rows = [measures_of(as_grey(scan.grey), np.zeros((1, 1, 1), np.float32), BOUNDS) for scan in apart]
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    manifest["limits"] = set_limits(values, BOUNDS, tail=TAIL)
    pack_files.write_manifest(folder, manifest)


def drawn_breasts() -> list[Bytes]:
    """Draw scans that nobody gave: layers of speckle with a dark lump, without one, and stripes."""
    pictures = []
    for seed, lump in ((1, True), (2, False)):
        rng = np.random.default_rng(seed)
        speckle = cv2.GaussianBlur(rng.rayleigh(60, (200, 260)).astype(np.float32), (0, 0), 1.2)
        depth = np.linspace(1.3, 0.5, 200, dtype=np.float32)[:, None]
        page = speckle * depth
        if lump:
            hole = np.zeros(page.shape, np.float32)
            cv2.ellipse(hole, (130, 90), (45, 25), 10, 0, 360, 1.0, -1)
            page *= 1 - 0.75 * cv2.GaussianBlur(hole, (0, 0), 2)
        pictures.append(np.asarray(page.clip(0, 255), dtype=np.uint8))
    return [*pictures, np.tile(np.linspace(0, 255, 260), (200, 1)).astype(np.uint8)]


def _finding(
    logits: NDArray[np.float64], apart: Sequence[Scan], code: str, label: dict[str, object]
) -> object:
    truth = truth_of(apart, code)
    return scored_label(
        label,
        fit_table(logits, truth),
        logits,
        truth,
        points=POINTS,
        chosen_on=f"groups of near-duplicates that calibrate ({len({scan.group for scan in apart})})",
        prevalence=round(float(truth.mean()), 3),
        map_shown=True,
    )


def _cached(kept: Sequence[Scan]) -> Tensor:
    """Return (scan, view, 2, row, column) bytes: plain, and with drawn marks; each with its mask."""
    rng, side = np.random.default_rng(4), round(SIZE * 1.15)
    rows = []
    for scan in kept:
        mask = stretched_bytes(scan.mask.astype(np.uint8) * 255, side)
        views = [scan.grey, with_marks(scan.grey, rng), with_marks(scan.grey, rng)]
        rows.append(np.stack([np.stack([stretched_bytes(view, side), mask]) for view in views]))
    return torch.from_numpy(np.stack(rows))


def _loss(net: nn.Module, own: Tensor, truth: Tensor, foreign: Tensor) -> Tensor:
    count = len(own)
    view = torch.randint(own.shape[1], (count,))
    pair = own[torch.arange(count), view].float() / 255
    mirrored = torch.rand(count) < 0.5
    pair[mirrored] = pair[mirrored].flip(-1)
    pair = augment.sample(pair, augment.sampling_grid(count, SIZE, MOVES), padding="reflection")
    other = augment.sample(
        foreign[:, None].float() / 255, augment.sampling_grid(len(foreign), SIZE, MOVES), padding="reflection"
    )
    x = augment.stretched(
        augment.photometry(torch.cat([pair[:, :1], other]), LIGHTS), low=LOW, high=HIGH, step=3
    )
    masks, logits, _, sense, _ = net(x.contiguous(memory_format=torch.channels_last))
    wanted = functional.avg_pool2d(pair[:, 1:], 2)
    found = masks[:count].float()
    shown = found.sigmoid()
    overlap = (2 * (shown * wanted).sum((1, 2, 3)) + 20) / ((shown + wanted).sum((1, 2, 3)) + 20)
    kinds = torch.tensor([0] * count + [1] * len(foreign))
    labels = truth * (1 - 2 * SMOOTHING) + SMOOTHING
    return (
        functional.binary_cross_entropy_with_logits(found, wanted)
        + (1 - overlap).mean()
        + functional.binary_cross_entropy_with_logits(logits[:count].float(), labels)
        + 0.3 * functional.cross_entropy(sense.float(), kinds)
    )


def _dice(masks: NDArray[np.float32], scans_: Sequence[Scan]) -> float:
    """Return the mean Dice at the network's size over scans with a lesion."""
    values = []
    for soft, scan in zip(masks[:, 0], scans_, strict=True):
        if scan.mask.any():
            truth = stretched_bytes(scan.mask.astype(np.uint8) * 255, soft.shape[0]) > 127
            found = soft >= 0.5
            values.append(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))
    return float(np.mean(values))
