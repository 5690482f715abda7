"""Diagrams of networks: from the slice on the left to the decisions on the right, a box per layer that works."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle

from lib.features.spectrogram import Spectrogram
from lib.models import Head, complexity, descriptions
from lib.plots.style import BLUE, GREEN, GREY, MAP, ORANGE, PURPLE, SKY

COLOURS = {"conv": BLUE, "pool": SKY, "recurrent": PURPLE, "dense": ORANGE, "head": GREEN}
SIZE, LINE, GAP = 8.5, 0.145, 0.18  # points of the type; inches of a line of it, and between columns
_SILENT = ("Rescaling", "Reshape", "Permute", "ZeroPadding", "Dropout", "SpatialDropout", "Gaussian", "Identity")
_FOLLOWING = {"BatchNormalization": "norm", "Activation": "", "ReLU": "ReLU", "ELU": "ELU", "LeakyReLU": "ReLU",
              "PReLU": "ReLU"}  # fmt: skip
_MERGING = {"Add": "sum", "Concatenate": "join", "Multiply": "product", "Average": "mean", "Maximum": "max"}
_SIGNS = {"sum": "+", "join": "‖"}


@dataclass
class Block:
    """A layer that does the work, and what follows it up to the next such layer."""

    kind: str  # a key of `COLOURS`, ``input``, ``merge`` or ``other``
    words: list[str]  # what it does, a line each
    sources: tuple[str, ...] = ()  # names of the blocks that it reads
    column: int = 0  # blocks between it and the input
    bands: int = 0  # of its output, as the following; 0 for a vector
    frames: int = 0
    channels: int = 0  # units of a vector
    x: float = 0.0  # its centre, inches
    y: float = 0.0

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, height and depth of its box in inches, on a logarithmic scale."""
        if self.kind in ("merge", "head"):
            return 0.18, 0.18, 0.0
        if not self.frames:
            return 0.12, 0.12 + 0.075 * math.log2(1 + self.channels), 0.0
        depth = 0.0 if self.kind == "input" else 0.018 * math.log2(self.channels)
        return 0.08 + 0.06 * math.log2(1 + self.frames), 0.06 + 0.13 * math.log2(self.bands + 0.5), depth

    @property
    def room(self) -> tuple[float, float, float]:
        """Inches that box and words take: their width, and above and below the centre."""
        width, height, depth = self.size
        if self.kind == "head":
            return 0.28 + 0.075 * len(self.words[0]), 0.13, 0.13
        wide = max(width + depth, *(0.08 * len(line) for line in self.words), 0.5 if self.frames else 0)
        return wide, height / 2 + depth + LINE + 0.05, height / 2 + LINE * len(self.words) + 0.1


def claim(name: str, model: keras.Model, heads: Sequence[Head], spectrogram: Spectrogram) -> str:
    """Title: width of the vector and receptive field of a network."""
    field = complexity.receptive_field(model, spectrogram)
    points = model.input_shape[1] * model.input_shape[2]
    return (
        f"{name} makes {descriptions.vector_width(model, heads)} numbers of the {points:,} points of a slice; "
        f"the receptive field of its last map is {field.seconds:.1f} s of {field.bands} mel bands"
    )


def diagram(model: keras.Model, picture: np.ndarray | None = None) -> Figure:
    """Draw a network from left to right, each block as large as its output, on a logarithmic scale.

    Height is mel bands, width is frames, depth is channels; above a box is the size of its map in bands x
    frames, below it what it does. The input may show a slice, `picture` [shape=(n_mels, frames)].
    """
    found = blocks(model)
    right = _place(found)
    figure, axes = plt.subplots()
    for block in found.values():
        _draw(axes, block, picture)
    levels = _connect(axes, found)
    top = max([block.y + block.room[1] for block in found.values()] + levels) + 0.05
    bottom = min([block.y - block.room[2] for block in found.values()] + levels) - 0.05
    axes.set(xlim=(-0.05, right + 0.05), ylim=(bottom, top), aspect="equal")
    axes.set_axis_off()
    figure.set_size_inches(right + 0.15, top - bottom + 0.45)
    return figure


def blocks(model: keras.Model) -> dict[str, Block]:
    """Blocks of a network by the name of their first layer, in order."""
    calls = list(complexity.calls(model))
    read_by = [name for _, inputs in calls for name in inputs]
    maps = complexity.map_by_layer(model)
    found: dict[str, Block] = {}
    home: dict[str, str] = {}  # the block that a layer belongs to
    for layer, inputs in calls:
        kind = _kind(layer, model, inputs)
        if kind == "silent":
            home[layer.name] = home[inputs[0]]
            continue
        words = _words(layer, kind, maps.get(inputs[0]) if inputs else None)
        alone = len(inputs) == 1 and read_by.count(inputs[0]) == 1
        if kind == "following" and alone:
            block = found[home[inputs[0]]]
            block.words += words
            home[layer.name] = home[inputs[0]]
        else:
            home[layer.name] = layer.name
            if kind == "following":
                kind = "pool" if hasattr(layer, "pool_size") else "other"
            block = found[layer.name] = Block(kind, words)
            block.sources = tuple(dict.fromkeys(home[name] for name in inputs))
            block.column = 1 + max((found[name].column for name in block.sources), default=-1)
        block.bands, block.frames, block.channels = _measured(layer, maps.get(layer.name))
    last = max(block.column for block in found.values())
    for block in found.values():
        block.column = last if block.kind == "head" else block.column
    return found


def _kind(layer: keras.Operation, model: keras.Model, inputs: Sequence[str]) -> str:
    name = type(layer).__name__
    if isinstance(layer, keras.layers.InputLayer):
        return "input"
    if name.startswith(_SILENT) or (complexity.is_arithmetic(layer) and len(inputs) == 1):
        return "silent"
    if name in _MERGING or complexity.is_arithmetic(layer):
        return "merge"
    if isinstance(layer, keras.layers.Dense):
        return "head" if layer.name in model.output_names else "dense"
    if isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional)):
        return "recurrent"
    if name in _FOLLOWING or hasattr(layer, "pool_size"):
        return "following"
    return "conv" if hasattr(layer, "kernel_size") else "pool" if "Pooling" in name else "other"


def _words(layer: keras.Operation, kind: str, read: complexity.Map | None) -> list[str]:
    """Describe a layer in a few words; sizes are bands x frames."""
    name = type(layer).__name__
    if kind == "input":
        return ["slice"]
    if kind == "head":
        return [f"{layer.name}: " + (f"{layer.units} classes" if layer.units > 1 else "a number")]
    if "Pooling" in name:
        word = "max" if "Max" in name else "mean"
        return [word + (f" {_window(layer.pool_size, read)}" if hasattr(layer, "pool_size") else "")]
    if kind == "conv":
        stride = [f"stride {max(layer.strides)}"] if max(layer.strides) > 1 else []
        window = _window(layer.kernel_size, read, layer.input.shape[-1])
        return [f"conv {window}", f"× {layer.output.shape[-1]}", *stride, *_activation(layer)]
    if kind == "dense":
        return ["dense", f"× {layer.units}", *_activation(layer)]
    if isinstance(layer, keras.layers.RNN):
        return [name, f"× {layer.units}"]
    if name == "Flatten":
        return ["flatten", f"{layer.output.shape[-1]:,}"]
    if isinstance(layer, keras.Model):  # several layers under a name of their own
        return [layer.name.replace("_", " ")]
    return _activation(layer) if name == "Activation" else [_FOLLOWING.get(name) or _MERGING.get(name, name)]


def _activation(layer: keras.Operation) -> list[str]:
    name = layer.activation.__name__
    return {"linear": [], "relu": ["ReLU"], "elu": ["ELU"]}.get(name, [name])


def _window(size: tuple[int, ...], read: complexity.Map | None, channels: int = 0) -> str:
    """Window as bands x frames; one that reads the bands as channels spans all of them."""
    axes = read.axes if read else (complexity.BANDS, complexity.FRAMES)[-len(size) :]
    spans = dict(zip(axes, size, strict=False))
    if complexity.BANDS in axes[len(size) :]:
        spans[complexity.BANDS] = channels
    return f"{spans.get(complexity.BANDS, 1)}×{spans.get(complexity.FRAMES, 1)}"


def _measured(layer: keras.Operation, seen: complexity.Map | None) -> tuple[int, int, int]:
    """Bands, frames and channels of a layer's output; of a vector 0, 0 and its units."""
    shape = layer.output.shape[1:]
    if len(shape) == 1:
        return 0, 0, shape[0]
    known = seen is not None and len(seen.axes) == len(shape)
    size = dict(zip(seen.axes, shape, strict=True)) if known else {complexity.FRAMES: shape[0], None: shape[-1]}
    return size.get(complexity.BANDS, 1), size.get(complexity.FRAMES, 1), size.get(None, 1)


def _place(found: dict[str, Block]) -> float:
    """Give each block its place: columns from left to right, each from the top around the middle line; their width."""
    right = -GAP
    for column in range(1 + max(block.column for block in found.values())):
        here = [name for name, block in found.items() if block.column == column]
        readers = {name: sum(name in block.sources for block in found.values()) for name in here}
        if len(set(readers.values())) > 1:  # what many read comes into the middle
            here.insert(len(here) // 2, here.pop(here.index(max(here, key=readers.get))))
        here = [found[name] for name in here]
        here.sort(key=lambda block: -np.mean([found[name].y for name in block.sources] or [0]))
        width = max(block.room[0] for block in here)
        y = sum(above + below for _, above, below in (block.room for block in here)) / 2
        for block in here:
            _, above, below = block.room
            block.x = right + GAP + (block.size[0] if block.kind == "head" else width) / 2
            block.y = y - above if len(here) > 1 else 0.0  # one alone sits on the middle line by its box
            y -= above + below
        right += GAP + width
    return right


def _connect(axes: Axes, found: dict[str, Block]) -> list[float]:
    """Draw the connections: arrows to the next column, brackets past the columns between; heights of the brackets."""
    look = {"color": "#555555", "linewidth": 0.9, "zorder": 1}
    arrow = {"arrowstyle": "-|>,head_length=0.3,head_width=0.16", "shrinkA": 0, "shrinkB": 0, **look}
    pairs = [(found[name], block) for block in found.values() for name in block.sources]
    levels: list[float] = []
    for source, target in sorted(pairs, key=lambda pair: pair[1].column - pair[0].column):
        start = source.x + source.size[0] / 2 + source.size[2] + 0.02, source.y
        between = [block for block in found.values() if source.column < block.column < target.column]
        if not between or target.kind == "head":
            end = target.x - target.size[0] / 2 - 0.02, target.y
        else:
            side, past = (1 if source.y >= 0 else -1), source.x + source.room[0] / 2 + 0.05
            reach = [side * block.y + block.room[1 if side > 0 else 2] for block in [*between, target]]
            level = side * (max(reach) + 0.06)
            while level in levels:
                level += side * 0.1
            levels.append(level)
            axes.plot([start[0], past, past, target.x], [start[1], start[1], level, level], **look)
            start = target.x, level
            end = target.x, target.y + (target.size[1] / 2 + 0.02 if side > 0 else -reach[-1])
        axes.annotate("", end, start, arrowprops=arrow)
    return levels


def _draw(axes: Axes, block: Block, picture: np.ndarray | None) -> None:
    (width, height, depth), x, y = block.size, block.x, block.y
    text = {"ha": "center", "fontsize": SIZE}
    if block.kind == "merge":
        axes.add_patch(Circle((x, y), width / 2, facecolor="white", edgecolor="#333333", zorder=2))
        axes.text(x, y, _SIGNS.get(block.words[0], "·"), va="center_baseline", **text)
    else:
        left, low, look = x - width / 2, y - height / 2, {"edgecolor": "#222222", "linewidth": 0.7, "zorder": 2}
        look["facecolor"] = COLOURS.get(block.kind, GREY)
        if depth:
            right, top = left + width, low + height
            lid = [(left, top), (left + depth, top + depth), (right + depth, top + depth), (right, top)]
            flank = [(right, low), (right + depth, low + depth), (right + depth, top + depth), (right, top)]
            axes.add_patch(Polygon(lid, alpha=0.45, **look))
            axes.add_patch(Polygon(flank, alpha=0.7, **look))
        axes.add_patch(Rectangle((left, low), width, height, **look))
        if block.kind == "input" and picture is not None:
            extent = (left, left + width, low, low + height)
            axes.imshow(picture, extent=extent, origin="lower", cmap=MAP, aspect="auto", zorder=3)
    if block.kind == "head":
        axes.text(x + 0.14, y, block.words[0], va="center", fontsize=SIZE)
        return
    if block.frames and block.kind != "merge":
        axes.text(x, y + height / 2 + depth + 0.03, f"{block.bands}×{block.frames}", va="bottom", **text)
    for number, line in enumerate(block.words):
        weight = "normal" if number else "bold"
        axes.text(x, y - height / 2 - 0.05 - LINE * number, line, va="top", fontweight=weight, **text)
