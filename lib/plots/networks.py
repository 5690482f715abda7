"""Diagrams of networks: from the slice on the left to the decisions on the right, as one picture each."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon, Rectangle
from matplotlib.path import Path

from lib.audio import Spectrogram
from lib.plots import MAP
from lib.plots.blocks import COLOURS, LINE, SIZE, Block, blocks
from lib.zoo import Head, cost, descriptions

GAP = 0.18  # inches between columns


def claim(name: str, model: keras.Model, heads: Sequence[Head], spectrogram: Spectrogram) -> str:
    """Say in a sentence what a network makes of a slice. Page 03."""
    hears = cost.receptive_field(model, spectrogram)
    points = model.input_shape[1] * model.input_shape[2]
    width = descriptions.vector_width(model, heads)
    return (
        f"{name} makes {width} numbers of the {points:,} points of a slice; one point of its last map hears "
        f"{hears.seconds:.1f} s and {hears.bands} mel bands"
    )


def diagram(model: keras.Model, picture: np.ndarray | None = None) -> Figure:
    """Draw a network from left to right, each block as large as its output, on a logarithmic scale. Page 03.

    Height is mel bands, width is frames, depth is channels; above a box stands the size of its map in bands x
    frames, below it what it does.

    Parameters
    ----------
    model : keras.Model
        Reads slices [shape=(batch, n_mels, frames)].
    picture : np.ndarray [shape=(n_mels, frames)], optional
        A slice to show as the input.
    """
    found = blocks(model)
    columns = _arranged(found)
    spans = [max(found[name].room[0] for name in column if name in found) for column, _ in columns]
    left = 0.0
    edges = []
    for number, ((column, _), span) in enumerate(zip(columns, spans, strict=True)):
        left += _gap(found, columns, number) if number else 0.0
        edges.append((left, left + span))
        for name in column:
            if name in found:
                head = found[name].kind == "head"
                found[name].x = left + (found[name].size[0] / 2 if head else span / 2)
        left += span
    lanes = [height for column, heights in columns for name, height in heights.items() if name not in found]
    top = max([block.y + block.room[1] for block in found.values()] + [height + 0.08 for height in lanes])
    top = max(top, _arcs_top(found))
    bottom = min([block.y - block.room[2] for block in found.values()] + [height - 0.08 for height in lanes])
    figure, axes = plt.subplots(figsize=(left + 0.15, top - bottom + 0.45))
    axes.set(xlim=(-0.05, left + 0.05), ylim=(bottom, top + 0.02), aspect="equal")
    axes.set_axis_off()
    _connect(axes, found, columns, edges)
    for block in found.values():
        _draw(axes, block, picture)
    return figure


def _skips(found: dict[str, Block]) -> list[tuple[Block, Block]]:
    """Find connections over the heads of other blocks, from a block that the next column reads too, shortest first."""
    skips = [
        (found[source], block)
        for block in found.values()
        for source in block.sources
        if block.column - found[source].column > 1 and _readers(found, source) > 1 and block.kind == "merge"
    ]
    return sorted(skips, key=lambda pair: pair[1].column - pair[0].column)


def _readers(found: dict[str, Block], name: str) -> int:
    return sum(name in block.sources for block in found.values())


def _gap(found: dict[str, Block], columns: list[tuple[list[str], dict[str, float]]], number: int) -> float:
    """Inches between a column and the one before: more where connections climb."""
    before, here = columns[number - 1][1], columns[number][1]
    climbs = [0.0]
    for name, height in here.items():
        sources = found[name].sources if name in found else (name[1:],)
        climbs += [abs(height - before.get(source, before.get(f">{source}", height))) for source in sources]
    return GAP + 0.1 * min(2.0, max(climbs))


def _arranged(found: dict[str, Block]) -> list[tuple[list[str], dict[str, float]]]:
    """Arrange each column from the top: its names and their heights; lanes that pass a column are '>name'."""
    over = {(id(a), id(b)) for a, b in _skips(found)}
    columns: list[tuple[list[str], dict[str, float]]] = []
    height: dict[str, float] = {}
    for number in range(1 + max(block.column for block in found.values())):
        order: list[tuple[float, str]] = []
        for name, block in found.items():
            if block.column == number:
                read = [height[source] for source in block.sources if (id(found[source]), id(block)) not in over]
                order.append((-sum(read) / len(read) if read else 0.0, name))
            passing = any(
                name in later.sources and later.column > number and (id(block), id(later)) not in over
                for later in found.values()
            )
            if block.column < number and passing:
                order.append((-height[name], f">{name}"))
        column = _sorted(found, order)
        rooms = [found[name].room[1:] if name in found else (0.08, 0.08) for name in column]
        y = sum(above + below for above, below in rooms) / 2
        if len(column) == 1:
            y = rooms[0][0]  # a lone block sits on the middle line by its box, not by its text
        heights = {}
        for name, (above, below) in zip(column, rooms, strict=True):
            heights[name] = height[name.lstrip(">")] = y - above
            if name in found:
                found[name].y = y - above
            y -= above + below
        columns.append((column, heights))
    return columns


def _sorted(found: dict[str, Block], order: list[tuple[float, str]]) -> list[str]:
    """Names by height; of those that read the same, the one with the most readers comes into the middle."""
    names: list[str] = []
    for height in sorted({place for place, _ in order}):
        group = [name for place, name in order if place == height]
        readers = {name: _readers(found, name) for name in group}
        if len(set(readers.values())) > 1:
            few = sorted(group, key=readers.get)
            group = few[::2] + few[1::2][::-1]
        names += group
    return names


def _levels(found: dict[str, Block]) -> list[tuple[Block, Block, float]]:
    """Skips with the height at which each runs, above everything on its way and above each other."""
    placed: list[tuple[Block, Block, float]] = []
    for source, target in _skips(found):
        on_the_way = [b.y + b.room[1] for b in found.values() if source.column < b.column <= target.column]
        level = max(on_the_way) + 0.08
        for a, b, other in placed:
            if a.column < target.column and source.column < b.column:
                level = max(level, other + 0.13)
        placed.append((source, target, level))
    return placed


def _arcs_top(found: dict[str, Block]) -> float:
    return max((level + 0.05 for _, _, level in _levels(found)), default=0.0)


def _connect(
    axes: Axes,
    found: dict[str, Block],
    columns: list[tuple[list[str], dict[str, float]]],
    edges: list[tuple[float, float]],
) -> None:
    over = {(id(a), id(b)): level for a, b, level in _levels(found)}
    leaves: dict[str, tuple[float, float]] = {}  # where a block's connection, or its lane, leaves a column
    for (column, heights), (left, right) in zip(columns, edges, strict=True):
        for name in column:
            here = heights[name]
            if name not in found:
                _line(axes, [leaves[name[1:]], (left, here), (right, here)])
                leaves[name[1:]] = (right, here)
                continue
            block = found[name]
            for source in block.sources:
                level = over.get((id(found[source]), id(block)))
                if level is None:
                    _line(axes, [leaves[source], (left, here), _port(block, -1)], arrow=True)
                else:
                    _arc(axes, leaves[source], block, level)
        for name in column:
            if name in found and _readers(found, name):
                _line(axes, [_port(found[name], 1), (right, heights[name])])
                leaves[name] = (right, heights[name])


def _port(block: Block, side: int) -> tuple[float, float]:
    return block.x + side * block.size[0] / 2 + (block.depth if side > 0 else 0) + side * 0.02, block.y


_STYLE = {"color": "#555555", "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "zorder": 1}


def _line(axes: Axes, points: list[tuple[float, float]], *, arrow: bool = False) -> None:
    """Draw a connection that changes its height between two columns only."""
    (x0, y0), (x1, y1), *rest = points
    vertices, codes = [(x0, y0)], [Path.MOVETO]
    if y0 != y1:
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    else:
        vertices.append((x1, y1))
        codes.append(Path.LINETO)
    for point in rest:
        vertices.append(point)
        codes.append(Path.LINETO)
    style = "-|>,head_length=3,head_width=1.6" if arrow else "-"
    axes.add_patch(FancyArrowPatch(path=Path(vertices, codes), arrowstyle=style, fc=_STYLE["color"], **_STYLE))


def _arc(axes: Axes, start: tuple[float, float], target: Block, level: float) -> None:
    """Draw a connection over the head of other blocks."""
    (x0, y0), x1, bend = start, target.x, 0.08
    vertices = [(x0, y0), (x0 + bend, y0), (x0 + bend, y0 + bend), (x0 + bend, level - bend), (x0 + bend, level),
                (x0 + 2 * bend, level), (x1 - bend, level), (x1, level), (x1, level - bend),
                (x1, target.y + target.size[1] / 2 + 0.02)]  # fmt: skip
    codes = [Path.MOVETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3,
             Path.CURVE3, Path.LINETO]  # fmt: skip
    axes.add_patch(
        FancyArrowPatch(
            path=Path(vertices, codes), arrowstyle="-|>,head_length=3,head_width=1.6", fc=_STYLE["color"], **_STYLE
        )
    )


def _draw(axes: Axes, block: Block, picture: np.ndarray | None) -> None:
    (width, height), x, y, d = block.size, block.x, block.y, block.depth
    text = {"ha": "center", "fontsize": SIZE}
    if block.kind == "merge":
        axes.add_patch(Circle((x, y), width / 2, fc="white", ec="#333333", lw=1, zorder=2))
        sign = "+" if block.words[0] == "sum" else "‖" if block.words[0] == "join" else "·"
        axes.text(x, y, sign, va="center_baseline", **text)
    else:
        left, low = x - width / 2, y - height / 2
        colour = COLOURS[block.kind]
        look = {"ec": "#222222", "lw": 0.7, "zorder": 2}
        if d:
            up, right = low + height, left + width
            faces = [(left, up), (left + d, up + d), (right + d, up + d), (right, up)]
            axes.add_patch(Polygon(faces, fc=colour, alpha=0.45, **look))
            faces = [(right, low), (right + d, low + d), (right + d, up + d), (right, up)]
            axes.add_patch(Polygon(faces, fc=colour, alpha=0.7, **look))
        axes.add_patch(Rectangle((left, low), width, height, fc=colour, alpha=0.9, **look))
        if block.kind == "input" and picture is not None:
            extent = (left, left + width, low, low + height)
            axes.imshow(picture, extent=extent, origin="lower", cmap=MAP, aspect="auto", zorder=3)
    if block.kind == "head":
        axes.text(x + 0.14, y, block.words[0], va="center", **{**text, "ha": "left"})
        return
    if block.above:
        axes.text(x, y + height / 2 + d + 0.03, block.above, va="bottom", color="#444444", **text)
    for number, line in enumerate(block.words):
        weight = "bold" if number == 0 else "normal"
        axes.text(x, y - height / 2 - 0.05 - LINE * number, line, va="top", fontweight=weight, **text)
