import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from lib.evaluation import artist_effects, difficulty
from lib.plots import evaluation as plots
from lib.plots import svg
from lib.plots.intervals import forest, marks, series, whiskers
from lib.plots.style import VERMILION
from tests.test_difficulty import errors_by_artist, panel_of


def dots(axes):
    """Places of the dots of a panel, and the ends of its whiskers."""
    places = [tuple(xy) for line in axes.get_lines() if line.get_marker() == "o" for xy in line.get_xydata()]
    lines = [one for one in axes.collections if isinstance(one, LineCollection)]
    return places, [segment[:, 0].tolist() for one in lines for segment in one.get_segments() if len(segment)]


def test_a_forest_plot_has_a_dot_and_a_whisker_on_the_line_that_names_it():
    table = pd.DataFrame({
        "panel": ["genre", "genre", "mood"], "line": ["a", "b", "b"], "value": [0.5, 0.7, 0.6],
        "low": [0.4, np.nan, 0.5], "high": [0.6, np.nan, 0.8],
    })  # fmt: skip
    figure = forest(table, "accuracy")
    genre, mood = figure.axes
    assert dots(genre) == ([(0.5, 0), (0.7, 1)], [[0.4, 0.6]])  # an interval that is not known is not drawn
    assert dots(mood) == ([(0.6, 1)], [pytest.approx([0.5, 0.8])])
    assert [text.get_text() for text in genre.get_yticklabels()] == ["a", "b"]
    assert genre.get_ylim() == (1.5, -0.5)  # from the top
    own = forest(table, "accuracy", own=True).axes[1]
    assert [text.get_text() for text in own.get_yticklabels()] == ["b"] and dots(own)[0] == [(0.6, 0)]
    plt.close("all")


def test_series_stand_beside_each_other_in_order_of_x():
    figure, axes = plt.subplots()
    table = pd.DataFrame({"label": list("aabb"), "x": [2, 1, 1, 2], "value": [0.2, 0.1, 0.3, 0.4]})
    series(axes, table.assign(low=np.nan, high=np.nan), marks(["a", "b"]), width=0.2)
    lines = [line.get_xydata().tolist() for line in axes.get_lines()]
    assert lines == [[[0.9, 0.1], [1.9, 0.2]], [[1.1, 0.3], [2.1, 0.4]]]
    plt.close(figure)


def test_an_interval_beside_its_value_is_cut_off():
    figure, axes = plt.subplots()
    whiskers(axes, [0], [0.5], [0.6], [0.7], marker="o")
    assert axes.collections[0].get_segments()[0][:, 1].tolist() == pytest.approx([0.5, 0.7])
    plt.close(figure)


def test_the_distribution_is_drawn_beside_the_expected_one():
    panel = panel_of(np.random.default_rng(0).random((50, 3)) < 0.6)
    table = difficulty.agreement(panel, resamples=100)
    figure = plots.hard_figure(table)
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == table["songs"].tolist()
    assert list(axes.get_lines()[0].get_ydata()) == pytest.approx(table["expected"].tolist())
    plt.close(figure)
    plt.close(plots.hard_figure(difficulty.agreement(panel_of([[True]] * 5), resamples=10)))


def test_artists_are_drawn_and_hard_ones_stand_out():
    panel = errors_by_artist(np.random.default_rng(0), 0.4, artists=30)
    panel.songs["artist"] = panel.songs["artist"] + " of a very long name that nobody can read $x"
    found = artist_effects.hard_artists(panel, permutations=999)
    figure = plots.artists_figure(found)
    shown = found.table.head(plots.MOST)
    assert len(figure.axes[0].get_yticklabels()) == plots.MOST
    drawn = {tuple(c.get_facecolor()[0][:3]): len(c.get_offsets()) for c in figure.axes[0].collections[1:]}
    assert drawn[to_rgb(VERMILION)] == shown["hard"].sum() > 0
    svg(figure)
    plt.close(figure)
