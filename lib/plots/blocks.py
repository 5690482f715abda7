"""What a diagram of a network shows: its layers put together to blocks, each with its size and its words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import keras

from lib.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY
from lib.zoo import cost

COLOURS = {
    "input": GREY, "conv": BLUE, "pool": SKY, "recurrent": PURPLE, "flat": GREY, "dense": ORANGE, "head": GREEN,
    "other": GREY,
}  # fmt: skip
SIZE, LINE = 8.5, 0.145  # points of the type, inches of a line of it
_k = keras.layers
_SILENT = (
    _k.Rescaling, _k.Reshape, _k.Permute, _k.ZeroPadding1D, _k.ZeroPadding2D, _k.Dropout, _k.SpatialDropout1D,
    _k.SpatialDropout2D, _k.GaussianNoise, _k.Identity,
)  # fmt: skip
_POOLS = (_k.MaxPooling1D, _k.MaxPooling2D, _k.AveragePooling1D, _k.AveragePooling2D)
_WORDS = {
    "Add": "sum", "Concatenate": "join", "Flatten": "flatten", "GlobalMaxPooling1D": "max", "GlobalMaxPooling2D": "max",
    "GlobalAveragePooling1D": "mean", "GlobalAveragePooling2D": "mean", "BatchNormalization": "norm", "ReLU": "ReLU",
    "ELU": "ELU", "LeakyReLU": "ReLU", "PReLU": "ReLU",
}  # fmt: skip


@dataclass
class Block:
    """A layer that does the work, and what follows it up to the next such layer.

    Parameters
    ----------
    kind : str
        A key of `COLOURS`, or ``merge``.
    words : list of str
        What it does, a line each.
    sources : tuple of str
        Names of the blocks that it reads.
    bands, frames : int
        Of its output; 0 frames for a vector.
    channels : int
        Of its output; nodes of a vector.
    """

    kind: str
    words: list[str]
    sources: tuple[str, ...] = ()
    bands: int = 0
    frames: int = 0
    channels: int = 0
    column: int = 0
    x: float = field(default=0.0, repr=False)
    y: float = field(default=0.0, repr=False)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of its box in inches, on a logarithmic scale."""
        if self.kind == "merge":
            return 0.2, 0.2
        if self.kind == "head":
            return 0.14, 0.14
        if not self.frames:
            return 0.12, 0.12 + 0.075 * math.log2(1 + self.channels)
        return 0.08 + 0.06 * math.log2(1 + self.frames), 0.06 + 0.13 * math.log2(self.bands + 0.5)

    @property
    def depth(self) -> float:
        """How far its box reaches into the page, inches."""
        return 0.018 * math.log2(self.channels) if self.frames and self.kind not in ("merge", "input") else 0.0

    @property
    def above(self) -> str:
        """Size of its output as text."""
        if not self.frames or self.kind == "merge":
            return ""
        return f"{self.bands}×{self.frames}"

    @property
    def room(self) -> tuple[float, float, float]:
        """Width of its column, and the inches it needs above and below its centre."""
        width, height = self.size
        if self.kind == "head":
            return 0.2 + 0.075 * len(self.words[0]), 0.13, 0.13
        bold, *plain = self.words
        text = max([0.08 * len(bold), *(0.07 * len(line) for line in [self.above, *plain])])
        above = height / 2 + self.depth + LINE * bool(self.above) + 0.05
        return max(width + self.depth, text), above, height / 2 + LINE * len(self.words) + 0.1


def blocks(model: keras.Model) -> dict[str, Block]:
    """Blocks of a network by the name of their first layer, in order.

    Parameters
    ----------
    model : keras.Model
    """
    calls = list(cost.calls(model))
    users = [name for _, inputs in calls for name in inputs]
    maps = cost.map_by_layer(model)
    found: dict[str, Block] = {}
    home: dict[str, str] = {}  # the block that a layer belongs to
    alone: dict[str, bool] = {}  # whether what follows the layer may join its block
    for layer, inputs in calls:
        joins = len(inputs) == 1 and alone[inputs[0]] and users.count(inputs[0]) == 1
        if isinstance(layer, _SILENT) or (cost.is_arithmetic(layer) and len(inputs) == 1):
            home[layer.name], alone[layer.name] = home[inputs[0]], joins
            continue
        if joins and _follows(layer):
            block = found[home[inputs[0]]]
            block.words += _words(layer, maps.get(inputs[0]))
            home[layer.name] = home[inputs[0]]
        else:
            block = found[layer.name] = Block(
                _kind(layer, model), _words(layer, maps.get(inputs[0]) if inputs else None)
            )
            block.sources = tuple(dict.fromkeys(home[name] for name in inputs))
            block.column = 1 + max((found[name].column for name in block.sources), default=-1)
            home[layer.name] = layer.name
        alone[layer.name] = True
        _measure(block, layer, maps.get(layer.name))
    last = max(block.column for block in found.values())
    for block in found.values():
        block.column = last if block.kind == "head" else block.column
    return found


def _follows(layer: keras.Operation) -> bool:
    return isinstance(layer, (_k.BatchNormalization, _k.Activation, _k.ReLU, _k.ELU, _k.LeakyReLU, _k.PReLU, *_POOLS))


def _kind(layer: keras.Operation, model: keras.Model) -> str:
    if isinstance(layer, _k.InputLayer):
        return "input"
    if cost.is_arithmetic(layer):
        return "merge"
    if isinstance(layer, _k.Dense):
        return "head" if layer.name in (model.output_names or ()) else "dense"
    for kind, kinds in (
        ("merge", (_k.Add, _k.Concatenate, _k.Multiply, _k.Average, _k.Maximum)),
        ("conv", (_k.Conv1D, _k.Conv2D, _k.DepthwiseConv2D, _k.SeparableConv1D, _k.SeparableConv2D)),
        ("pool", (*_POOLS, _k.GlobalMaxPooling1D, _k.GlobalMaxPooling2D, _k.GlobalAveragePooling1D,
                  _k.GlobalAveragePooling2D)),
        ("recurrent", (_k.RNN, _k.Bidirectional)),
        ("flat", (_k.Flatten,)),
    ):  # fmt: skip
        if isinstance(layer, kinds):
            return kind
    return "other"


def _words(layer: keras.Operation, read: cost.Map | None) -> list[str]:
    """Say what a layer does, in a few words; sizes are bands x frames."""
    name = type(layer).__name__
    if isinstance(layer, _k.InputLayer):
        return ["slice"]
    if isinstance(layer, _POOLS):
        word = "max" if "Max" in name else "mean"
        return [f"{word} {_by(layer.pool_size, read)}"]
    if hasattr(layer, "kernel_size"):
        kernel = _by(layer.kernel_size, read, layer.input.shape[-1])
        stride = [f"stride {max(layer.strides)}"] if max(layer.strides) > 1 else []
        return [f"conv {kernel}", f"× {layer.output.shape[-1]}", *stride, *_activation(layer)]
    if isinstance(layer, _k.Dense):
        return ["dense", f"× {layer.units}", *_activation(layer)]
    if isinstance(layer, _k.RNN):
        return [name, f"× {layer.units}"]
    if isinstance(layer, keras.Model):  # several layers under a name of their own
        return [layer.name.replace("_", " ")]
    return _activation(layer) if isinstance(layer, _k.Activation) else [_WORDS.get(name, name)]


def _activation(layer: keras.Operation) -> list[str]:
    name = layer.activation.__name__
    return {"linear": [], "relu": ["ReLU"], "elu": ["ELU"]}.get(name, [name])


def _by(window: int | tuple[int, ...], read: cost.Map | None, channels: int = 0) -> str:
    """Window as bands x frames; one that reads the bands as channels spans all of them."""
    window = (window,) if isinstance(window, int) else tuple(window)
    axes = read.axes if read else (cost.BANDS, cost.FRAMES)[-len(window) :]
    sizes = dict(zip(axes, window, strict=False))
    if cost.BANDS in axes[len(window) :]:
        sizes[cost.BANDS] = channels
    return f"{sizes.get(cost.BANDS, 1)}×{sizes.get(cost.FRAMES, 1)}"


def _measure(block: Block, layer: keras.Operation, seen: cost.Map | None) -> None:
    shape = layer.output.shape[1:]
    axes = seen.axes if seen and len(seen.axes) == len(shape) else (None,) * len(shape)
    size = {axis: n for axis, n in zip(axes, shape, strict=True) if axis is not None}
    if not size and len(shape) > 1:
        size = {cost.FRAMES: shape[0]}
    block.frames, block.bands = (size.get(cost.FRAMES, 1), size.get(cost.BANDS, 1)) if size else (0, 0)
    block.channels = 1 if None not in axes and size else shape[-1]
    if block.kind == "head":
        block.words = [f"{layer.name}: " + (f"{layer.units} classes" if layer.units > 1 else "a number")]
    elif block.kind == "flat":
        block.words = ["flatten", f"{block.channels:,}"]
