"""How large each value of an ONNX graph is, from the file alone: a hundred bytes can ask for gigabytes.

Only operators stand here whose size follows from the sizes of what they read, their attributes, and short
contents that the file or the shape of the image gives. What takes its size from the image's *values* is
refused: no picture that somebody tries can show what another one asks for.
Source: the ONNX specification, Operators.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod

import numpy as np

from core.errors import ModelLoadError
from inference.onnx_records import Node
from inference.onnx_values import (
    LONGEST,
    Content,
    Sizes,
    Value,
    cast,
    computed,
    is_linear,
    value_of,
    value_of_numbers,
)

MOST_VALUES = 1 << 28
"""Values of one tensor: a gigabyte of float32."""
MOST_VALUES_TOGETHER = 1 << 30
"""Values of all steps of a network for one image, as if nothing were freed in between."""
MOST_GROWTH = 1 << 16
"""How many times larger one resize, tile or edge may make its input."""
MOST_IMAGES = 64
"""Images that go into a network together, at most."""
_GROWING = frozenset({"Tile", "Resize", "Upsample", "Pad", "Conv", "ConvTranspose"})
_GROWING |= frozenset({"AveragePool", "MaxPool", "LpPool"})
Inputs = Sequence[Value | None]
Made = Iterator[Value]


@dataclass(slots=True)
class Tally:
    """What a network makes for ``images`` images; ``counts`` is whether it computes with that number."""

    images: int = 1
    values: int = 0
    counts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A node with the values that it reads and, where it holds graphs, what each of them makes."""

    node: Node
    inputs: Inputs
    inner: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def at(self, place: int) -> Value | None:
        """Return an input, None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def sizes(self, place: int = 0) -> Sizes:
        """Return the sizes of an input that must be there."""
        value = self.at(place)
        if value is None:
            raise _unfit(self.node)
        return value.sizes

    def numbers(self, place: int, name: str = "") -> tuple[float, ...] | None:
        """Return the content of an input, or of the attribute that an older version has; None for neither.

        Raises:
            ModelLoadError: it is there, and not known from the file.
        """
        value = self.at(place)
        if value is None:
            attribute = self.node.attributes.get(name)
            return None if attribute is None else (attribute.numbers or attribute.reals)
        if value.content is None:
            raise ModelLoadError(
                f"the model's operator {self.node.operator!r:.40} takes a size from the image"
            )
        return tuple(value.content.ravel().tolist())

    def needed(self, place: int, name: str = "") -> tuple[float, ...]:
        """Return numbers that must be there; see ``numbers``."""
        found = self.numbers(place, name)
        if found is None:
            raise _unfit(self.node)
        return found

    def whole(self, name: str, default: int) -> int:
        """Return an attribute that is one whole number."""
        attribute = self.node.attributes.get(name)
        return default if attribute is None or attribute.number is None else attribute.number

    def list(self, name: str) -> tuple[int, ...]:
        """Return an attribute that is a list of whole numbers, () where it is not there."""
        attribute = self.node.attributes.get(name)
        return () if attribute is None else attribute.numbers

    def text(self, name: str) -> str:
        """Return an attribute that is a text."""
        attribute = self.node.attributes.get(name)
        return "" if attribute is None else attribute.text


def made_by(step: Step, tally: Tally) -> tuple[Value, ...]:
    """Return what a node makes.

    Raises:
        ModelLoadError: its size is not known from the file, or too large.
    """
    node = step.node
    rule = RULES.get(node.operator)
    if rule is None:
        raise ModelLoadError(
            f"the model's operator {node.operator!r:.40} is not among those that Farlight runs"
        )
    try:
        made = tuple(_bounded(step, value, tally) for value in rule(step))
    except (IndexError, ValueError, TypeError, ArithmeticError) as error:
        raise _unfit(node) from error
    counted = any(one is not None and one.counted for one in step.inputs)
    sure = all(one is None or one.sure for one in step.inputs)
    if counted and not is_linear(node) and any(one.content is not None for one in made):
        tally.counts = True
    return tuple(
        Value(
            sizes=one.sizes,
            content=one.content if one.content is not None and one.content.size <= LONGEST else None,
            counted=counted,
            sure=sure and one.sure,
        )
        for one in made
    )


def _bounded(step: Step, value: Value, tally: Tally) -> Value:
    node, values = step.node, prod(value.sizes)
    if min(value.sizes, default=0) < 0:
        raise _unfit(node)
    if values > MOST_VALUES:
        raise ModelLoadError(f"the model's operator {node.operator!r:.40} would make {values:.2g} values")
    if node.operator in _GROWING and (growth := values / max(1, prod(step.sizes()))) > MOST_GROWTH:
        raise ModelLoadError(
            f"the model's operator {node.operator!r:.40} would make its input {growth:.2g} times larger"
        )
    tally.values += values
    if tally.values > MOST_VALUES_TOGETHER * tally.images:
        raise ModelLoadError(f"the steps of the model would make more than {MOST_VALUES_TOGETHER:.2g} values")
    return value


def _unfit(node: Node) -> ModelLoadError:
    return ModelLoadError(f"the sizes at the model's operator {node.operator!r:.40} do not fit together")


def _same(step: Step) -> Made:
    """One output as large as the first input."""
    content = computed(step.node, step.inputs)
    sizes = step.sizes()
    yield Value(sizes=sizes, content=None if content is None or content.shape != sizes else content)
    if step.node.operator == "DynamicQuantizeLinear":
        yield Value(sizes=())
        yield Value(sizes=())


def _cast(step: Step) -> Made:
    value = step.at(0)
    content = None if value is None or value.content is None else cast(value.content, step.whole("to", 0))
    yield Value(sizes=step.sizes(), content=content)


def _once(step: Step) -> Made:
    """Yield as ``_same`` what does nothing but when it trains, where it would draw by chance."""
    flag = step.at(2) if step.node.operator == "Dropout" else None
    trains = flag is not None and (flag.content is None or bool(flag.content.any()))
    if trains or step.whole("training_mode", 0):
        raise ModelLoadError(
            f"the model's operator {step.node.operator!r:.40} is set to train, and draws by chance"
        )
    yield Value(sizes=step.sizes())
    if step.node.operator == "Dropout":
        yield Value(sizes=step.sizes())


def _joined(*shapes: Sizes) -> Sizes:
    """Return what sizes broadcast to; where they do not fit (open ones were guessed), the larger."""
    longest = max(len(one) for one in shapes)
    columns = zip(*((1,) * (longest - len(one)) + one for one in shapes), strict=True)
    return tuple(0 if 0 in column else max(column) for column in columns)


def _broadcast(step: Step) -> Made:
    sizes = _joined(*(step.sizes(place) for place in range(len(step.inputs))))
    content = computed(step.node, step.inputs)
    yield Value(sizes=sizes, content=content if content is not None and content.shape == sizes else None)


def _product(step: Step) -> Made:
    places = (0, 3) if step.node.operator == "QLinearMatMul" else (0, 1)
    one, other = (step.sizes(place) for place in places)
    rows = one[-2:-1] if len(one) > 1 else ()
    columns = other[-1:] if len(other) > 1 else ()
    yield Value(sizes=(*_joined(one[:-2], other[:-2]), *rows, *columns))


def _gemm(step: Step) -> Made:
    one, other = step.sizes(0), step.sizes(1)
    yield Value(sizes=(one[bool(step.whole("transA", 0))], other[not step.whole("transB", 0)]))


def _summed(step: Step) -> Made:
    """Einsum with its output written out."""
    left, arrow, right = step.text("equation").replace(" ", "").partition("->")
    known: dict[str, int] = {}
    for place, letters in enumerate(left.split(",")):
        for letter, size in zip(letters, step.sizes(place), strict=True):
            known[letter] = max(size, known.get(letter, 0))
    if not arrow or "." in left:
        raise _unfit(step.node)
    yield Value(sizes=tuple(known[letter] for letter in right))


def _convolved(step: Step) -> Made:
    place = 3 if step.node.operator == "QLinearConv" else 1
    weights = step.sizes(place)
    window = step.list("kernel_shape") or weights[2:]
    yield Value(sizes=(step.sizes()[0], weights[0], *_slid(step, window)))


def _pooled(step: Step) -> Made:
    sizes = (*step.sizes()[:2], *_slid(step, step.list("kernel_shape")))
    for _ in step.node.outputs:
        yield Value(sizes=sizes, sure=not step.whole("ceil_mode", 0))


def _slid(step: Step, window: Sequence[int]) -> Iterator[int]:
    """Yield how often a window fits along each side."""
    sides = step.sizes()[2:]
    count = len(sides)
    if len(window) != count or min(window) < 1:
        raise _unfit(step.node)
    strides, gaps = step.list("strides") or (1,) * count, step.list("dilations") or (1,) * count
    edges = step.list("pads") or (0,) * 2 * count
    if min((*strides, *gaps)) < 1 or len(edges) != 2 * count:
        raise _unfit(step.node)
    for at, side in enumerate(sides):
        if step.text("auto_pad").startswith("SAME"):
            yield ceil(side / strides[at])
        else:
            edge = 0 if step.text("auto_pad") == "VALID" else edges[at] + edges[at + count]
            free = side + edge - gaps[at] * (window[at] - 1) - 1
            yield max(0, (ceil if step.whole("ceil_mode", 0) else int)(free / strides[at]) + 1)


def _unconvolved(step: Step) -> Made:
    sides, weights = step.sizes()[2:], step.sizes(1)
    count = len(sides)
    window, strides = step.list("kernel_shape") or weights[2:], step.list("strides") or (1,) * count
    gaps, more = step.list("dilations") or (1,) * count, step.list("output_padding") or (0,) * count
    edges = step.list("pads") if not step.text("auto_pad").startswith("SAME") else ()
    edges = edges or (0,) * 2 * count
    said = step.list("output_shape")
    made = tuple(
        (side - 1) * strides[at] + gaps[at] * (window[at] - 1) + 1 + more[at] - edges[at] - edges[at + count]
        for at, side in enumerate(sides)
    )
    yield Value(sizes=(step.sizes()[0], weights[1] * step.whole("group", 1), *(said[-count:] or made)))


def _pooled_whole(step: Step) -> Made:
    yield Value(sizes=(*step.sizes()[:2], *(1 for _ in step.sizes()[2:])))


def _axis(step: Step, rank: int, default: int = 0) -> int:
    axis = step.whole("axis", default)
    if not -rank <= axis < max(1, rank):
        raise _unfit(step.node)
    return axis % rank if rank else 0


def _with(sizes: Sizes, axis: int, *instead: int) -> Sizes:
    return (*sizes[:axis], *instead, *sizes[axis + 1 :])


def _concatenated(step: Step) -> Made:
    shapes = [step.sizes(place) for place in range(len(step.inputs))]
    axis = _axis(step, len(shapes[0]), 1)
    contents = [one.content for one in step.inputs if one is not None and one.content is not None]
    whole = len(contents) == len(shapes) and sum(one.size for one in contents) <= LONGEST
    sides = [max(column) for column in zip(*shapes, strict=True)]
    sides[axis] = sum(shape[axis] for shape in shapes)
    yield Value(sizes=tuple(sides), content=np.concatenate(contents, axis) if whole else None)


def _split(step: Step) -> Made:
    value, sizes, count = step.at(0), step.sizes(), len(step.node.outputs)
    axis = _axis(step, len(sizes))
    parts = step.numbers(1, "split") or ()
    side = ceil(sizes[axis] / count)
    lengths = [int(one) for one in parts] or [min(side, sizes[axis] - side * at) for at in range(count)]
    at = 0
    for length in lengths:
        content = None if value is None or value.content is None else value.content
        piece = None if content is None else content[(slice(None),) * axis + (slice(at, at + length),)]
        yield Value(sizes=_with(sizes, axis, max(0, length)), content=piece)
        at += length


def _sliced(step: Step) -> Made:
    value, sizes = step.at(0), step.sizes()
    starts, ends = step.needed(1, "starts"), step.needed(2, "ends")
    axes = step.numbers(3, "axes") or range(len(starts))
    strides = step.numbers(4) or (1,) * len(starts)
    where, sure = [slice(None)] * len(sizes), True
    for axis, start, end, stride in zip(axes, starts, ends, strides, strict=True):
        side = sizes[int(axis)]
        sure = sure and (stride > 0 or start >= -side)
        last: int | None = int(end)
        if stride < 0 and int(end) < -side:
            last = None
        where[int(axis)] = slice(int(start), last, int(stride))
    made = tuple(len(range(*one.indices(side))) for one, side in zip(where, sizes, strict=True))
    content = None if value is None or value.content is None or not sure else value.content[tuple(where)]
    yield Value(sizes=made, content=content, sure=sure)


def _gathered(step: Step) -> Made:
    value, places, sizes = step.at(0), step.at(1), step.sizes()
    axis = _axis(step, len(sizes))
    content: Content | None = None
    if value is not None and value.content is not None and places is not None and places.content is not None:
        content = np.take(value.content, places.content.astype(np.int64), axis)
    yield Value(sizes=_with(sizes, axis, *step.sizes(1)), content=content)


def _gathered_each(step: Step) -> Made:
    yield Value(sizes=step.sizes(1))


def _gathered_deep(step: Step) -> Made:
    sizes, places, batch = step.sizes(), step.sizes(1), step.whole("batch_dims", 0)
    yield Value(sizes=(*places[:-1], *sizes[batch + places[-1] :]))


def _reshaped(step: Step) -> Made:
    value, sizes = step.at(0), step.sizes()
    wanted = [int(one) for one in step.needed(1, "shape")]
    if not step.whole("allowzero", 0):
        wanted = [sizes[at] if one == 0 else one for at, one in enumerate(wanted)]
    if -1 in wanted:
        wanted[wanted.index(-1)] = ceil(prod(sizes) / max(1, prod(one for one in wanted if one != -1)))
    content = None if value is None or value.content is None else value.content.reshape(wanted)
    yield Value(sizes=tuple(wanted), content=content)


def _flattened(step: Step) -> Made:
    sizes, axis = step.sizes(), step.whole("axis", 1)
    axis += len(sizes) if axis < 0 else 0
    yield Value(sizes=(prod(sizes[:axis]), prod(sizes[axis:])))


def _squeezed(step: Step) -> Made:
    value, sizes = step.at(0), step.sizes()
    axes = step.numbers(1, "axes")
    gone = (
        {int(axis) % len(sizes) for axis in axes}
        if axes
        else {at for at, one in enumerate(sizes) if one == 1}
    )
    made = tuple(one for at, one in enumerate(sizes) if at not in gone)
    if any(sizes[at] != 1 for at in gone):
        raise _unfit(step.node)
    content = None if value is None or value.content is None else value.content.reshape(made)
    yield Value(sizes=made, content=content)


def _unsqueezed(step: Step) -> Made:
    value, sizes, axes = step.at(0), list(step.sizes()), step.needed(1, "axes")
    for axis in sorted(int(one) % (len(sizes) + len(axes)) for one in axes):
        sizes.insert(axis, 1)
    content = None if value is None or value.content is None else value.content.reshape(sizes)
    yield Value(sizes=tuple(sizes), content=content)


def _transposed(step: Step) -> Made:
    value, sizes = step.at(0), step.sizes()
    order = step.list("perm") or tuple(reversed(range(len(sizes))))
    if sorted(order) != list(range(len(sizes))):
        raise _unfit(step.node)
    content = None if value is None or value.content is None else value.content.transpose(order)
    yield Value(sizes=tuple(sizes[at] for at in order), content=content)


def _shape(step: Step) -> Made:
    value, sizes = step.at(0), step.sizes()
    part = sizes[slice(step.whole("start", 0), step.whole("end", len(sizes)))]
    known = value is not None and value.sure
    yield Value(sizes=(len(part),), content=np.array(part, np.int64) if known else None)


def _size(step: Step) -> Made:
    value, count = step.at(0), prod(step.sizes())
    yield Value(sizes=(), content=np.array(count, np.int64) if value is not None and value.sure else None)


def _expanded(step: Step) -> Made:
    value, wanted = step.at(0), tuple(int(one) for one in step.needed(1))
    sizes = _joined(step.sizes(), wanted)
    known = value is not None and value.content is not None and prod(sizes) <= LONGEST
    content = np.broadcast_to(value.content, sizes) if known and value and value.content is not None else None
    yield Value(sizes=sizes, content=content)


def _filled(step: Step) -> Made:
    """ConstantOfShape."""
    sizes = tuple(int(one) for one in step.needed(0))
    attribute = step.node.attributes.get("value")
    filler = value_of(attribute.tensors[0]).content if attribute and attribute.tensors else np.zeros(1, "f4")
    known = filler is not None and filler.size and prod(sizes) <= LONGEST and min(sizes, default=0) >= 0
    content = np.full(sizes, filler.ravel()[0]) if filler is not None and known else None
    yield Value(sizes=sizes, content=content)


def _tiled(step: Step) -> Made:
    times = step.needed(1)
    yield Value(sizes=tuple(side * int(many) for side, many in zip(step.sizes(), times, strict=True)))


def _resized(step: Step) -> Made:
    """Resize, and Upsample before it; an input that is empty counts as left out."""
    old = step.node.operator == "Upsample" or len(step.inputs) == 2
    scales = step.numbers(1 if old else 2, "scales")
    wanted = () if old else step.numbers(3) or ()
    sizes = step.sizes()
    axes = [int(axis) % len(sizes) for axis in step.list("axes")] or list(range(len(sizes)))
    made, sure = list(sizes), True
    for at, one in zip(axes, wanted or scales or (), strict=True):
        made[at] = int(one) if wanted else ceil(sizes[at] * one)
        sure = sure and (bool(wanted) or float(sizes[at] * one).is_integer())
    if wanted and step.text("keep_aspect_ratio_policy") not in ("", "stretch"):
        most = max(int(one) / max(1, sizes[at]) for at, one in zip(axes, wanted, strict=True))
        for at in axes:
            made[at] = ceil(sizes[at] * most)
        sure = False
    yield Value(sizes=tuple(made), sure=sure)


def _padded(step: Step) -> Made:
    sizes, pads = step.sizes(), step.needed(1, "pads")
    axes = [int(axis) % len(sizes) for axis in step.numbers(3) or range(len(sizes))]
    if len(pads) != 2 * len(axes):
        raise _unfit(step.node)
    made = list(sizes)
    for at, axis in enumerate(axes):
        made[axis] += int(pads[at]) + int(pads[at + len(axes)])
    yield Value(sizes=tuple(max(0, side) for side in made))


def _deeper(step: Step) -> Made:
    count, channels, *sides = step.sizes()
    block = step.whole("blocksize", 1)
    if step.node.operator == "SpaceToDepth":
        yield Value(sizes=(count, channels * block**2, *(side // block for side in sides)))
    else:
        yield Value(sizes=(count, channels // block**2, *(side * block for side in sides)))


def _reduced(step: Step) -> Made:
    sizes = step.sizes()
    axes = step.numbers(1, "axes") or (() if step.whole("noop_with_empty_axes", 0) else range(len(sizes)))
    gone = {int(axis) % max(1, len(sizes)) for axis in axes}
    value = step.at(0)
    content: Content | None = None
    if value is not None and value.content is not None and step.node.operator in _REDUCED:
        reduce = _REDUCED[step.node.operator]
        with np.errstate(all="ignore"):
            kept = bool(step.whole("keepdims", 1))
            content = np.asarray(
                reduce(value.content, tuple(sorted(gone)), keepdims=kept), value.content.dtype
            )
    yield Value(sizes=_left(step, sizes, gone), content=content)


def _pointed(step: Step) -> Made:
    """ArgMax and ArgMin."""
    sizes = step.sizes()
    yield Value(sizes=_left(step, sizes, {_axis(step, len(sizes))}))


def _left(step: Step, sizes: Sizes, gone: set[int]) -> Sizes:
    if step.whole("keepdims", 1):
        return tuple(1 if at in gone else side for at, side in enumerate(sizes))
    return tuple(side for at, side in enumerate(sizes) if at not in gone)


def _largest(step: Step) -> Made:
    """TopK."""
    sizes = step.sizes()
    count = step.needed(1) if len(step.inputs) > 1 else (step.whole("k", 0),)
    for _ in step.node.outputs:
        yield Value(sizes=_with(sizes, _axis(step, len(sizes), -1), int(count[0])))


def _one_hot(step: Step) -> Made:
    sizes, depth = step.sizes(), int(step.needed(1)[0])
    axis = step.whole("axis", -1)
    axis += len(sizes) + 1 if axis < 0 else 0
    yield Value(sizes=(*sizes[:axis], depth, *sizes[axis:]))


def _ranged(step: Step) -> Made:
    start, limit, by = (step.needed(place)[0] for place in range(3))
    count = max(0, ceil((limit - start) / by))
    kind = step.inputs[0].content.dtype if step.inputs[0] and step.inputs[0].content is not None else None
    content = (start + by * np.arange(count)).astype(kind) if count <= LONGEST else None
    yield Value(sizes=(count,), content=content)


def _constant(step: Step) -> Made:
    said = step.node.attributes
    if (tensor := said.get("value")) is not None and tensor.tensors:
        yield value_of(tensor.tensors[0])
    elif (numbers := said.get("value_ints")) is not None:
        yield value_of_numbers(numbers.numbers, np.int64)
    elif (reals := said.get("value_floats")) is not None:
        yield value_of_numbers(reals.reals, np.float32)
    elif (number := said.get("value_int")) is not None:
        yield Value(sizes=(), content=np.array(number.number or 0, np.int64))
    elif (real := said.get("value_float")) is not None:
        yield Value(sizes=(), content=np.array(real.real, np.float32))
    else:
        raise ModelLoadError("the model has a constant of a kind that Farlight does not run")


def _chosen(step: Step) -> Made:
    """If: one branch where the file says which, else both must make the same sizes."""
    condition = step.at(0)
    one, other = step.inner.get("then_branch", ()), step.inner.get("else_branch", ())
    if condition is not None and condition.content is not None:
        yield from one if bool(condition.content.any()) else other
        return
    for first, second in zip(one, other, strict=True):
        if first.sizes != second.sizes:
            raise ModelLoadError("the branches of the model's operator 'If' make different sizes")
        yield Value(sizes=first.sizes)


def _sampled(step: Step) -> Made:
    """GridSample."""
    yield Value(sizes=(*step.sizes()[:2], *step.sizes(1)[1:-1]))


_REDUCED: Mapping[str, Callable[..., object]] = {
    "ReduceProd": np.prod,
    "ReduceSum": np.sum,
    "ReduceMax": np.max,
    "ReduceMin": np.min,
}
_AS_LARGE = """
Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum DequantizeLinear
DynamicQuantizeLinear Elu Erf Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax
Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax
LpNormalization MeanVarianceNormalization Mish Neg Not PRelu QuantizeLinear RMSNormalization
Reciprocal Relu ReverseSequence Round ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh
Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu
"""
_JOINING = """
Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual
Max Mean Min Mod Mul Or Pow Sub Sum Where Xor
"""
_REDUCING = """
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
ReduceSumSquare
"""
RULES: Mapping[str, Callable[[Step], Made]] = {
    **dict.fromkeys(_AS_LARGE.split(), _same),
    **dict.fromkeys(_JOINING.split(), _broadcast),
    **dict.fromkeys(_REDUCING.split(), _reduced),
    **dict.fromkeys(("Dropout", "BatchNormalization"), _once),
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul"), _product),
    **dict.fromkeys(("Conv", "ConvInteger", "QLinearConv"), _convolved),
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool"), _pooled),
    **dict.fromkeys(("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"), _pooled_whole),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _deeper),
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    **dict.fromkeys(("ArgMax", "ArgMin"), _pointed),
    **dict.fromkeys(("Cast",), _cast),
    "Gemm": _gemm,
    "Einsum": _summed,
    "ConvTranspose": _unconvolved,
    "Concat": _concatenated,
    "Split": _split,
    "Slice": _sliced,
    "Gather": _gathered,
    "GatherElements": _gathered_each,
    "GatherND": _gathered_deep,
    "Reshape": _reshaped,
    "Flatten": _flattened,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "Transpose": _transposed,
    "Shape": _shape,
    "Size": _size,
    "Expand": _expanded,
    "ConstantOfShape": _filled,
    "Tile": _tiled,
    "Pad": _padded,
    "TopK": _largest,
    "OneHot": _one_hot,
    "Range": _ranged,
    "Constant": _constant,
    "If": _chosen,
    "GridSample": _sampled,
}
"""The operators that are run, by name; each returns its outputs' sizes."""
