"""Titles of the figures of page 05, made of the numbers of their tables."""

from __future__ import annotations

import pandas as pd

from lib.evaluation.artist_effects import Artists
from lib.evaluation.comparisons import whole_drops
from lib.evaluation.difficulty import Panel
from lib.evaluation.per_class import worst_confusion
from lib.evaluation.predictions import Predictions
from lib.evaluation.results import by_strictness, leaky, main_rows, of_networks, strict_rows
from lib.evaluation.significance import ALPHA
from lib.narrative.format import PERCENT, bound, drop, interval, listed, p_value, percent, points, sets
from lib.training.recipes import plain

CORRECTED = "after Holm's correction for their number"


def splits(table: pd.DataFrame, dropped: pd.DataFrame) -> str:
    """Title: what the strictest split does to the main network, from `results` and `drops`."""
    own = main_rows(table)
    own = own.loc[own["level"] == "slice"]
    if not len(own):
        return "No head of these runs predicts classes, so there is no accuracy to show"
    own = own.loc[own["head"] == own["head"].iloc[0]].drop_duplicates("split")
    first, last = own.loc[own["split"] == leaky(own["split"])].iloc[0], own.iloc[-1]
    same = ["network", "recipe", "head", "level"]
    fell = whole_drops(dropped)
    fell = fell.loc[(fell[same] == first[same]).all(axis=1)]
    if not len(fell):
        span = interval(first["low"], first["high"])
        return f"{first['network']} predicts the {first['head']} of {percent(first['accuracy'])} of the slices {span}"
    row = fell.iloc[0]
    of = f", over the {row['n_songs']} songs that both test" if row["n_songs"] < first["n_songs"] else ""
    return (
        f"{row['head'].capitalize()} accuracy of {row['network']}: {percent(row['before'])} under {row['leaky']}, "
        f"{percent(row['after'])} under {last['split']}, {drop(row)}{of}"
    )


def gaps(table: pd.DataFrame) -> str:
    """Title: which network over-fits most, from `results`."""
    known = of_networks(table)
    known = known.loc[(known["level"] == "slice") & known["train_accuracy"].notna()]
    if not len(known):
        return "The training accuracy of these runs is not known"
    gap = known["train_accuracy"] - known["accuracy"]
    most = known.loc[gap.idxmax()]
    if gap.max() <= 0:
        return "No network does better on its training slices than on its test slices"
    where = f"{most['network']} for {most['head']} under {most['split']}"
    return f"The largest gap between training and test accuracy, {points(gap.max())}, is that of {where}"


def drops(dropped: pd.DataFrame) -> str:
    """Title: in how many comparisons a drop is significant, from `drops`."""
    own = of_networks(whole_drops(dropped))
    own = own.loc[own["level"] == "slice"]
    if not len(own):
        return "Only one split was run, so no drop can be measured"
    pair = f"from {own['leaky'].iloc[0]} to {own['strict'].iloc[0]}"
    number = f"{int(own['significant'].sum())} of {len(own)} comparisons"
    return f"Per slice, a drop {pair} is significant in {number} {CORRECTED}"


def baselines(beaten: pd.DataFrame) -> str:
    """Title: in how many comparisons a network leads the best baseline, from `against_baselines`."""
    own = beaten.loc[beaten["split"] == by_strictness(beaten["split"])[-1]]
    leads = own.loc[own["significant"]]
    named = f" ({listed(f'{row.network}, {row.recipe}, in {row.head}' for row in leads.itertuples())})"
    return (
        f"Under {own['split'].iloc[0]}, a lead over the best baseline is significant in {len(leads)} of {len(own)} "
        f"comparisons {CORRECTED}{named if len(leads) else ''}"
    )


def ranking(ranks: pd.DataFrame) -> str:
    """Title: how many differences are significant, from rows of `ranking` of one split and level."""
    known = ranks.dropna(subset="p_holm")
    if not len(known):
        return "No two networks were tested on the same songs, so none can be said to lead"
    where = f"Per {known['level'].iloc[0]} under {known['split'].iloc[0]}"
    return f"{where}, {int((known['p_holm'] < ALPHA).sum())} of {len(known)} differences are significant {CORRECTED}"


def spread(found: pd.DataFrame, network: str) -> str:
    """Title: how far folds and seeds of one network lie apart in its first head, from `widths`."""
    own = found.loc[(found["network"] == network) & (found["head"] == found["head"].iloc[0])] if len(found) else found
    own = own.loc[own["recipe"] == plain(own["recipe"])]
    if not len(own):
        return "One fold and one seed were run, so their spread cannot be shown"
    own = own.assign(width=own["highest"] - own["lowest"]).sort_values("width", ascending=False, kind="stable")
    parts = [
        f"{points(row.width)} between its {row.n} {row.over}s under {row.split} ({percent(row.lowest)} to "
        f"{percent(row.highest)})"
        for row in own.drop_duplicates("over").sort_values("over").itertuples()
    ]
    return f"{own['head'].iloc[0].capitalize()} accuracy of {network} differs by up to {listed(parts)}"


def recalls(classes: pd.DataFrame, head: str, split: str) -> str:
    """Title: best and worst class of the main network under one split, from `per_class`."""
    own = main_rows(classes.loc[(classes["head"] == head) & (classes["split"] == split)]).dropna(subset="recall")
    if not len(own):
        return f"No test song has a known {head}"
    best, worst = (
        f"{row['class']} ({percent(row['recall'])} of its songs, {interval(row['recall_low'], row['recall_high'])[1:]}"
        for row in (own.loc[own["recall"].idxmax()], own.loc[own["recall"].idxmin()])
    )
    return f"Under {split}, {own['network'].iloc[0]} finds {best} most often and {worst} least often"


def confusions(predictions: Predictions) -> str:
    """Title: most frequent mistake."""
    worst = worst_confusion(predictions)
    where = f"Under {predictions.split}, {predictions.network}"
    if worst is None:
        return f"{where} makes no mistake in {predictions.head}"
    return f"{where} most often takes {worst[0]} for {worst[1]}: {percent(worst[2])} of the {worst[0]} songs"


def voting(votes: pd.DataFrame) -> str:
    """Title: what the largest vote adds for the main network under the strictest split, from `voting`."""
    own = strict_rows(main_rows(votes.loc[votes["slices"] > 1]))
    if not len(own):
        return "Too few songs were tested with a second slice to average with"
    last = own.loc[own.groupby("head", sort=False)["slices"].idxmax()]
    parts = [
        f"{bound(row['gain'])} points {interval(row['gain_low'], row['gain_high'], unit='')} in {row['head']}"
        for _, row in last.iterrows()
    ]
    number = listed(dict.fromkeys(str(k) for k in last["slices"]))
    where = f"{last['network'].iloc[0]} under {last['split'].iloc[0]}"
    return f"Averaging {number} slices instead of one changes the accuracy of {where} by {listed(parts)}"


def reliability(scores: pd.DataFrame) -> str:
    """Title: confidence and accuracy of the main network, strictest split, from `calibration`."""
    own = strict_rows(main_rows(scores.loc[scores["level"] == "song"]))
    if not len(own):
        return "No head of these runs predicts classes, so there is no confidence to judge"
    parts = [
        f"{percent(row['confidence'])} and {percent(row['accuracy'])} in {row['head']} (difference "
        f"{bound(row['overconfidence'])} points, {interval(row['low'], row['high'], unit='')[1:]}"
        for _, row in own.iterrows()
    ]
    where = f"{own['network'].iloc[0]} under {own['split'].iloc[0]}"
    return f"Confidence and accuracy per song of {where}: {listed(parts)}"


def learning_curve(curve: pd.DataFrame) -> str:
    """Title: for which heads more music helps, from `learning_curve`."""
    ends = curve.loc[curve.groupby(["network", "split", "recipe", "head"], sort=False)["share"].idxmax()]
    named = ends["head"] + " of " + ends["network"]
    sure = dict.fromkeys(named[ends["gained_low"] > 0])
    unsure = [name for name in dict.fromkeys(named) if name not in sure]
    parts = [f"a significant gain for {listed(sure)}"] if sure else []
    parts += [f"none for {listed(unsure)}"] if unsure else []
    return f"From {percent(curve['share'].min())} of the training artists to all of them: {', '.join(parts)}"


def doses(table: pd.DataFrame) -> str:
    """Title: what the largest dose adds in the first head, from `dose_response`."""
    own = main_rows(table)
    own = own.loc[own["head"] == own["head"].iloc[0]]
    most = own.loc[own.groupby("of", sort=False)["dose"].idxmax()]
    gains = [
        f"{row['dose']} {row['of']} in training add {points(row['gain'])} "
        f"{interval(row['gain_low'], row['gain_high'], unit='')}"
        for _, row in most.iterrows()
    ]
    return f"{own['head'].iloc[0].capitalize()} accuracy: {listed(gains)}"


def missed(panel: Panel, counts: pd.DataFrame) -> str:
    """Title: how many songs all networks miss, beside chance, from `agreement`."""
    n, none = len(panel.networks), counts.iloc[0]
    if not n or not len(panel.songs):
        return f"No song was tested by the networks that predict the {panel.head}"
    where = f"the {panel.head} of {none['songs']:.0f} of {len(panel.songs)} songs under {panel.split}"
    if n == 1:
        return f"{panel.networks[0]}, the only network, misses {where}"
    return (
        f"All {n} networks miss {where}; were their errors independent, {none['expected']:.1f} would be expected "
        f"(95{PERCENT} of permutations: {none['low']:.0f} to {none['high']:.0f}; {p_value(none['p'])})"
    )


def artists(found: Artists, panel: Panel) -> str:
    """Title: whether errors cluster by artist, and how many artists are hard, from `hard_artists`."""
    if pd.isna(found.p):
        return f"Whether errors in {panel.head} cluster by artist cannot be tested: too few artists have several songs"
    sure = f"{p_value(found.p)}, intraclass correlation {found.icc:.2f}".replace("-", "−")
    if found.p >= ALPHA:
        return f"Errors in {panel.head} do not cluster by artist beyond chance ({sure})"
    hard = int(found.table["hard"].sum())
    text = f"Errors in {panel.head} cluster by artist ({sure}); {hard} of {found.tested} artists with {found.least} or"
    return f"{text} more songs are significantly harder than others of their genre"


def together(table: pd.DataFrame) -> str:
    """Title: for which heads learning together changes anything, from `together`."""
    own = table.loc[table["score"] == "accuracy"].dropna(subset="difference")
    changed = own.loc[own["p_holm"] < ALPHA]
    if not len(changed):
        return f"That other heads help or harm {listed(dict.fromkeys(own['head']))} is not significant"
    parts = [
        f"{'helps' if row['difference'] > 0 else 'harms'} {row['head']} ({points(row['difference'])}, {name})"
        for name, (_, row) in zip(sets(table.loc[changed.index]), changed.iterrows(), strict=True)
    ]
    return f"Learning together with other heads {listed(dict.fromkeys(parts))}"


def tried(table: pd.DataFrame, what: str) -> str:
    """Title: which changes are significant and which helped most, from `tried`; `what` names a row."""
    base = table.iloc[0]
    changes = table.loc[(table[["network", "recipe"]] != base[["network", "recipe"]]).any(axis=1)]
    if not len(changes):
        return "Nothing else was tried"
    sure = int(((changes["low"] > 0) | (changes["high"] < 0)).sum())
    ends = (changes.loc[changes["difference"].idxmin()], changes.loc[changes["difference"].idxmax()])
    parts = dict.fromkeys(f"{row[what]} ({row['head']} {bound(row['difference'])} points)" for row in ends)
    count = f"{sure} of {len(changes)} differences from {base[what]} are significant on validation songs"
    return f"{count}; they range from {' to '.join(parts)}"


def swept(table: pd.DataFrame) -> str:
    """Title: which settings the validation songs would choose and what these score in the test, from `swept`."""
    known = table.dropna(subset="validation")
    best = known.loc[known.groupby(["network", "split", "head"], sort=False)["validation"].idxmax()]
    parts = [
        f"{row.recipe} for {row.head} of {row.network} under {row.split} (test {percent(row.accuracy)})"
        for row in best.itertuples()
    ]
    return (
        f"By their validation songs one would choose {listed(parts)}"
        if parts
        else "No validation songs tell which to choose"
    )
