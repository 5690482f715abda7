"""Sentences made from the tables; each says what its numbers say, whatever they turn out to be."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from lib.evaluation.answers import STALE, Answers
from lib.evaluation.classes import coverage, worst_confusion
from lib.evaluation.differences import SURE, sides, whole_drops
from lib.evaluation.pooling import Tested
from lib.evaluation.tables import leaky, main_network, main_rows, of_networks
from lib.evaluation.words import PERCENT, bound, interval, listed, percent, points, whole
from lib.recipes import BEST, POSTER
from lib.splits import PROTOCOLS, SINGLE

QUESTION = (
    "How much of a music tagger's accuracy is leakage between slices of one song and songs of one artist, "
    "and does the pattern of a published poster's table recur?"
)
UNCORRECTED = "the intervals are not corrected for the number of comparisons"
MEANING = {
    "poster_split": "with one draw of slices in the poster's proportions",
    "slice": "with slices drawn at random",
    "song": "with no song on both sides",
    "official": "with the split that the corpus was published with",
    "artist": "with no artist on both sides",
}


def name_of(row: pd.Series) -> str:
    """Network in Markdown, with its recipe unless that is the poster's or tells nothing."""
    return f"`{row['network']}`" + ("" if row["recipe"] in (POSTER, BEST) else f" ({row['recipe']})")


def basis(collected: Sequence[Tested]) -> str:
    """How many folds and seeds every number rests on. Page 05."""
    several = {a.network for a in collected if len({b.recipe for b in collected if b.network == a.network}) > 1}
    rests = {
        (f"`{a.network}`" + (f" ({a.recipe})" if a.network in several else ""), a.protocol): (
            len({r.fold for r in a.runs}),
            len({r.seed for r in a.runs}),
        )
        for a in collected
    }
    if set(rests.values()) == {(1, 1)}:
        of = sorted({str(a.folds) for a in collected if a.folds > 1 and a.protocol not in SINGLE})
        which = f" (of {listed(of)})" if of else ""
        return (
            f"Every number rests on one fold{which} and one seed: its interval says how far it would move with other "
            "songs, not with another draw of the folds or another initialisation."
        )
    common = Counter(rests.values()).most_common(1)[0][0]
    apart: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for place, counts in rests.items():
        if counts != common:
            apart.setdefault(counts, []).append(place)
    told = []
    for counts, pairs in sorted(apart.items()):
        places = []
        for protocol in by_strictness(protocol for _, protocol in pairs):
            names = [name for name, of in pairs if of == protocol]
            everyone = sum(of == protocol for _, of in rests) == len(names)
            places.append(f"{'' if everyone else f'{listed(names)} '}under `{protocol}`")
        told.append(f"{_counted(*counts)} {listed(places)}")
    text = (
        "Each song is tested once, by the model of its fold, and the answers of all folds are counted together; where "
        f"there are several seeds, their accuracies are averaged. Numbers rest on {_counted(*common)}"
    )
    return f"{text}{', except ' if told else ''}{'; '.join(told)}. The intervals resample songs, not seeds."


def _counted(folds: int, seeds: int) -> str:
    return f"{folds} fold{'s' * (folds != 1)} and {seeds} seed{'s' * (seeds != 1)}"


def stale_note(collected: Sequence[Tested]) -> str:
    """Which runs are stale; empty if none is. Page 05."""
    names = sorted({run.name for a in collected if a.network.endswith(STALE) for run in a.runs})
    if not names:
        return ""
    verb = "was" if len(names) == 1 else "were"
    return (
        f"**Stale:** {listed(f'`{name}`' for name in names)} {verb} made with other data or code than now, and "
        "shown apart. Run the report again to renew."
    )


def drop_sentence(row: pd.Series, songs: str = "songs") -> str:
    """One row of `drops` in words."""
    what = f"{row['head']} accuracy by {row['level']}"
    pair = f"`{row.leaky}` to `{row.strict}`"
    over = f"over the {row.n_songs} {songs} tested under both" if row.paired else "over different songs"
    if pd.isna(row.low):
        verdict = "without an interval, as too few songs or artists were tested"
    elif row.low > 0:
        verdict = "an established drop"
    elif row.high < 0:
        verdict = "an established rise"
    else:
        verdict = "a drop is not established, as the interval includes zero"
    direction = "falls" if row["drop"] > 0 else "rises" if row["drop"] < 0 else "stays the same"
    by = f" by {points(row['drop'])}" if row["drop"] else ""
    span = "" if pd.isna(row.low) else f" (95{PERCENT} interval of the drop {bound(row.low)} to {bound(row.high)})"
    return f"from {pair} the {what} of `{row.network}` {direction}{by}{span} {over}: {verdict}"


def drops_by_pair(dropped: pd.DataFrame) -> pd.DataFrame:
    """Write drops in points with their intervals as text, a row a head, a column a pair of protocols. Page 05.

    Parameters
    ----------
    dropped : pd.DataFrame
        Rows of `lib.evaluation.drops` of one network and recipe.
    """
    rows = [
        {
            "head": f"{row.head}, by {row.level}",
            "pair": f"{row.leaky} to {row.strict}",
            "text": bound(row.drop) + ("" if pd.isna(row.low) else f" ({bound(row.low)} to {bound(row.high)})"),
        }
        for row in dropped.itertuples()
    ]
    table = pd.DataFrame(rows, columns=["head", "pair", "text"])
    heads, pairs = (list(dict.fromkeys(table[name])) for name in ("head", "pair"))
    wide = table.pivot(index="head", columns="pair", values="text").reindex(heads, columns=pairs)
    return wide.rename_axis(columns=None).reset_index()


def protocols_claim(table: pd.DataFrame, dropped: pd.DataFrame) -> str:
    """Title of the main figure: what the strictest protocol does to the main network. Page 05."""
    if not len(table):
        return "No head of these runs names classes, so there is no accuracy to show"
    network, own = main_network(table), main_rows(table)
    own = own.loc[own["level"] == "song"]
    head = own["head"].iloc[0]
    own = own.loc[own["head"] == head].drop_duplicates("protocol")
    first, last = own.loc[own["protocol"] == leaky(own["protocol"])].iloc[0], own.iloc[-1]
    if first["protocol"] == last["protocol"]:
        return (
            f"Under {first['protocol']}, {network} names the {head} of {percent(first['accuracy'])} of the songs "
            f"{interval(first['low'], first['high'])}"
        )
    row = _drop(dropped, last, first["protocol"])
    before, after = (first["accuracy"], last["accuracy"]) if row is None else (row["before"], row["after"])
    change = "falls" if before > after else "rises" if before < after else "stays the same,"
    songs = f", over the {row['n_songs']} songs tested under both" if row is not None and row["paired"] else ""
    text = (
        f"{head.capitalize()} accuracy of {network} {change} from {percent(before)} under {first['protocol']} to "
        f"{percent(after)} under {last['protocol']}{songs}"
    )
    if row is None or pd.isna(row["low"]):
        return text
    verdict = (
        "an established drop" if row["low"] > 0 else "an established rise" if row["high"] < 0 else "not established"
    )
    span = f"95{PERCENT} interval {bound(row['low'])} to {bound(row['high'])}"
    return f"{text}: {verdict} ({bound(row['drop'])} points, {span})"


def _drop(dropped: pd.DataFrame, row: pd.Series, leaky: str) -> pd.Series | None:
    found = dropped.loc[(dropped["leaky"] == leaky) & (dropped["strict"] == row["protocol"])]
    for name in ("network", "recipe", "head", "level"):
        found = found.loc[found[name] == row[name]]
    return found.iloc[0] if len(found) else None


def gap_claim(table: pd.DataFrame) -> str:
    """Title of the figure of training and test accuracy: who over-fits most, and where. Page 05."""
    known = of_networks(table)
    known = known.loc[(known["level"] == "slice") & known["train_accuracy"].notna()]
    if not len(known):
        return "The training accuracy of these runs is not known"
    gap = known["train_accuracy"] - known["accuracy"]
    most = known.loc[gap.idxmax()]
    return (
        f"The largest gap between training and test accuracy, {points(gap.max())}, is that of {most['network']} "
        f"for {most['head']} under {most['protocol']}"
        if gap.max() > 0
        else "No network does better on its training slices than on its test slices"
    )


def drops_claim(dropped: pd.DataFrame, level: str = "song") -> str:
    """Title of the figure of drops: in how many comparisons a drop is established. Page 05."""
    own = of_networks(whole_drops(dropped))
    own = own.loc[own["level"] == level]
    if not len(own):
        return "Only one protocol was run, so no drop can be measured"
    established = int((own["low"] > 0).sum())
    pair = f"from {own['leaky'].iloc[0]} to {own['strict'].iloc[0]}"
    return f"By {level}, a drop {pair} is established in {established} of {len(own)} comparisons ({UNCORRECTED})"


def ranking_claim(ranks: pd.DataFrame) -> str:
    """Title of the figure of differences: how many of the comparisons under one protocol are established. Page 05.

    Parameters
    ----------
    ranks : pd.DataFrame
        As from `lib.evaluation.ranking`, of one protocol and level.
    """
    known = ranks.dropna(subset="p_holm")
    if not len(known):
        return "No two networks were tested on the same songs, so none can be said to lead"
    sure = int((known["p_holm"] < SURE).sum())
    row = known.iloc[0]
    return (
        f"By {row['level']} under {row['protocol']}, {sure} of {len(known)} differences are established "
        "after Holm's correction for their number"
    )


def ranking_sentences(ranks: pd.DataFrame) -> list[str]:
    """Say which comparisons of `ranking_claim` are established, the surest first, and which are not, in Markdown.
    Page 05.
    """
    told: list[str] = []
    open_: dict[str, list[str]] = {}
    ranks = ranks.dropna(subset="p_holm").sort_values("p_holm", kind="stable")
    for row, (better, worse) in zip(ranks.itertuples(), sides(ranks), strict=True):
        if row.p_holm >= SURE:
            open_.setdefault(row.head, []).append(f"`{better}` and `{worse}`")
            continue
        told.append(
            f"{row.head.capitalize()}: `{better}` is ahead of `{worse}` by {points(row.difference)} "
            f"{interval(row.low, row.high, unit='')}, corrected p {row.p_holm:.3f}: established."
        )
    for head, pairs in open_.items():
        told.append(f"{head.capitalize()}: **no difference is established** between {'; '.join(pairs)}.")
    return told


def recall_claim(classes: pd.DataFrame, head: str, protocol: str) -> str:
    """Title of a figure of class recalls: best and worst class of the main network under one protocol. Page 05."""
    own = classes.query("head == @head and protocol == @protocol").dropna(subset="recall")
    if not len(own):
        return f"No test song has a known {head}"
    network, own = main_network(own), main_rows(own)
    best, worst = own.loc[own["recall"].idxmax()], own.loc[own["recall"].idxmin()]
    if best["recall"] == worst["recall"]:
        return f"Under {protocol}, {network} names every {head} equally well ({percent(best['recall'])} of the songs)"
    found = [
        f"{row['class']} ({percent(row['recall'])} of its songs"
        + ("" if pd.isna(row["recall_low"]) else f", {whole(row['recall_low'])} to {whole(row['recall_high'])}")
        + ")"
        for row in (best, worst)
    ]
    return f"Under {protocol}, {network} names {found[0]} most often right and {found[1]} least often"


def confusion_claim(answers: Answers) -> str:
    """Title of a figure of confusion matrices: the most frequent mistake. Page 05."""
    worst = worst_confusion(answers)
    where = f"Under {answers.protocol}, {answers.network}"
    if worst is None:
        return f"{where} makes no mistake in {answers.head}"
    return f"{where} most often takes {worst[0]} for {worst[1]}: {percent(worst[2])} of the {worst[0]} songs"


def by_strictness(protocols: Iterable[str]) -> list[str]:
    """Protocols from the leakiest to the strictest. Pages 05 and 09."""
    given = set(protocols)
    known = [p for p in PROTOCOLS if p in given]
    return known + sorted(given - set(known))


def coverage_sentences(collected: Sequence[Answers], slices: pd.DataFrame) -> list[str]:
    """Say how many songs the folds of each protocol tested, and how much of each song. Page 05.

    Parameters
    ----------
    collected : sequence of Answers
        Of one head.
    slices : pd.DataFrame
        ``track_id`` of every slice of the corpus.
    """
    found: dict[tuple, list[str]] = {}
    for answers in collected:
        folds = len({run.fold for run in answers.runs})
        found.setdefault((answers.protocol, folds, *coverage(answers, slices)), []).append(answers.network)
    told = []
    for (protocol, folds, tested, songs, share), networks in found.items():
        alone = sum(key[0] == protocol for key in found) == 1
        of = "" if alone else f" of {listed(f'`{network}`' for network in networks)}"
        told.append(
            f"Under `{protocol}`, {folds} fold{'s' * (folds != 1)}{of} tested {tested} of the {songs} songs that have "
            f"slices, and of a tested song {percent(share)} of its slices."
        )
    return told
