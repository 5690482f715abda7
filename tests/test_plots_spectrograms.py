import numpy as np

from lib.plots import svg


def test_the_distribution_is_drawn_beside_the_expected_one():
    panel = panel_of(np.random.default_rng(0).random((50, 3)) < 0.6)
    table = difficulty.agreement(panel, Bootstrap(100))
    figure = errors.hard_figure(table)
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == table["songs"].tolist()
    assert list(axes.get_lines()[0].get_ydata()) == pytest.approx(table["expected"].tolist())
    plt.close(figure)
    plt.close(errors.hard_figure(difficulty.agreement(panel_of([[True]] * 5), Bootstrap(10))))


def test_artists_are_drawn_and_hard_ones_stand_out():
    panel = errors_by_artist(np.random.default_rng(0), 0.4, artists=30)
    panel.songs["artist"] = panel.songs["artist"] + " of a very long name that nobody can read $x"
    found = difficulty.hard_artists(panel, permutations=999)
    figure = errors.artists_figure(found)
    shown = found.table.head(errors.MOST)
    assert len(figure.axes[0].get_yticklabels()) == errors.MOST
    drawn = {tuple(c.get_facecolor()[0][:3]): len(c.get_offsets()) for c in figure.axes[0].collections[1:]}
    assert drawn[plt.matplotlib.colors.to_rgb(errors.VERMILION)] == shown["hard"].sum() > 0
    svg(figure)
    plt.close(figure)
