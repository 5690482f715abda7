"""Where each corpus comes from, in the words of a data card (Gebru et al. 2021, doi 10.1145/3458723)."""

from dataclasses import dataclass

from lib.corpora import module


@dataclass(frozen=True)
class Origin:
    """What only people know of a corpus; each field a paragraph of Markdown, none of them empty.

    Attributes
    ----------
    purpose, makers : str
        What it was made for, and by whom.
    music, genres, moods : str
        How recordings, genres and valence (from which the moods are cut) came about.
    people : str
        Whose data are in it, and what they agreed to.
    licence, citation, upkeep : str
        What may be done with it, how to name it, and who keeps it.
    fit, unfit, limits : str
        What it is good for, what not, and what is known to be wrong with it.
    """

    purpose: str
    makers: str
    music: str
    genres: str
    moods: str
    people: str
    licence: str
    citation: str
    upkeep: str
    fit: str
    unfit: str
    limits: str


ORIGINS = {
    "emotify": Origin(
        purpose=(
            "To study emotion that music induces: what listeners feel, rather than what they hear expressed. Tagging "
            "genre and mood, for which this report uses it, was not its purpose."
        ),
        makers="Anna Aljanaki, Frans Wiering and Remco C. Veltkamp of Utrecht University; published in 2016.",
        music=(
            "Recordings of the label Magnatune, of mostly little known artists. The published files are mp3s of one "
            "minute each; the committed results were made from the middle 30 s of each, cut without decoding, so that "
            "the whole files give another checksum and, as this report takes the middle 30 s of any file, nearly the "
            "same slices."
        ),
        genres=(
            "Each genre is a folder of the published archive. Who put which song there is not told, and listeners "
            "were not asked whether they agree."
        ),
        moods=(
            "In an online game listeners marked up to three of nine emotions that they felt strongly; they could skip "
            "a song or change the genre. By the makers' account one part of the songs was heard by some 48 listeners "
            "each, the other by some 16. **No listener named a mood.** This report computes a valence, (1 + joyful "
            "activation - sadness) / 2 from the shares of listeners who felt these two, and cuts it into three moods: "
            "a construction of ours, in which other emotions, such as power and tension, have no part."
        ),
        people=(
            "Artists are named, as their licence asks. The makers' file of single listeners holds their age, gender "
            "and mother tongue, but no names; this report reads the emotions alone and needs no more than their means "
            "by song. What the listeners agreed to is not known here."
        ),
        licence=(
            "The music: CC BY-NC-SA, by Magnatune and its artists, so that neither it nor what is made of it may be "
            "sold. This report shows spectrograms and numbers, names the artists, and its committed pages hold no "
            "sound. For the labels their makers ask to be cited; no licence of their own was found."
        ),
        citation=(
            "A. Aljanaki, F. Wiering and R. C. Veltkamp, *Studying emotion induced by music through a crowdsourcing "
            "game*, Information Processing & Management 52(1), 2016, doi 10.1016/j.ipm.2015.03.004."
        ),
        upkeep=(
            "Published by its makers at http://www2.projects.science.uu.nl/memotion/emotifydata/, without version "
            "numbers; the checksum in the data card stands for the files that were read here."
        ),
        fit=(
            "Comparing methods, and rules of evaluation, on real, freely licensed music with known artists; studying "
            "felt emotion."
        ),
        unfit=(
            "Ranking taggers for practical use: four genres of one label are no picture of music. Judging listeners, "
            "artists or cultures. Anything that is sold."
        ),
        limits=(
            "Small, of one label and of one game's players. What is felt depends on taste and on the mood one is in, "
            "and the makers found sadness, of which the moods here are made, among the emotions on which listeners "
            "agree least (Aljanaki et al. 2014). Some recordings are there "
            "twice, and some artists made a large part of a genre; the data card counts both."
        ),
    ),
    "fma": Origin(
        purpose=(
            "A large, free collection on which methods of music analysis can be compared, genre recognition first of "
            "all (Defferrard et al. 2017). Mood was no part of it."
        ),
        makers=(
            "Michaël Defferrard, Kirell Benzi, Pierre Vandergheynst and Xavier Bresson, from the Free Music Archive as "
            "it stood in 2017, which the radio station WFMU had founded; published in 2017."
        ),
        music=(
            "What artists and curators put into the archive, as mp3. The data set holds the middle 30 s of each track, "
            "cut without decoding, so that sample rate, channels and bit rate vary. This study draws from it; page "
            "01 lists what was drawn and how."
        ),
        genres=(
            "Artists chose the genres of their own tracks, from a tree of 161. A track whose genres share one root has "
            "that as its top genre, and only those tracks are drawn. Nobody else has checked them."
        ),
        moods=(
            "Valence is an estimate that the company Echo Nest (later Spotify) computed from the sound, published with "
            "FMA for one track in eight; how, is not public. **No listener was asked**, so that a network trained on "
            "it learns to imitate a program. Where a study names other sources too, page 01 says what came from where. "
            "This report cuts valence into three moods."
        ),
        people="Artists are named, as their licences ask. The archive's listeners are not in the data used here.",
        licence=(
            "Each track has a licence of its own, most of them Creative Commons, listed on page 01; many forbid "
            "commercial use or changes. The metadata are CC BY 4.0. Committed pages hold no sound."
        ),
        citation=(
            "M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson, *FMA: a dataset for music analysis*, ISMIR, "
            "2017, arXiv 1612.01840."
        ),
        upkeep=(
            "Kept at https://github.com/mdeff/fma, with checksums; its archives have not changed since 2017. The table "
            "`manifest.csv` of a study lists every clip drawn with its checksum."
        ),
        fit="Comparing methods, and rules of evaluation, on varied music with known artists and free licences.",
        unfit=(
            "Statements on how music is distributed: the archive favours experimental and electronic music, and little "
            "of it is what charts hold. Moods as people hear them. Anything that a track's licence forbids."
        ),
        limits=(
            "Genres are unequal and overlap, single clips are silent or short, and valence is missing most where "
            "genres are rare: of the 1,350 instrumental tracks of the medium subset, 55 have one."
        ),
    ),
    "demo": Origin(
        purpose=(
            "To run and test the whole report where no music is at hand. It is synthetic and says nothing about music."
        ),
        makers="This project, by a program (`lib/corpora/demo`) that composes and synthesises every song from a seed.",
        music=(
            "No recording: rhythm, harmony, instruments and mix are computed. Each invented artist and each song has "
            "a sound of its own, so that leakage is built in."
        ),
        genres="Chosen before the song was composed; the six names are the poster's, the rules behind them ours.",
        moods=(
            "Valence is computed from the mode, register and tempo with which the song was composed, and cut into "
            "moods."
        ),
        people="Nobody: artists, titles and albums are invented, and no listener was asked.",
        licence="CC0: the songs are the project's own and free for any use.",
        citation="Cite this project (`CITATION.cff`) and call the corpus synthetic.",
        upkeep=(
            "The program is kept with the report; the same seed and the same versions of the libraries give the same "
            "songs."
        ),
        fit="Trying out the report, its tests, and how an architecture fits into it.",
        unfit="Any statement on real music, on listeners, or on how well a network would tag either.",
        limits=(
            "Every rule that a network finds here was put in by the program. Real music is richer and noisier, and "
            "labelled by people who disagree."
        ),
    ),
    "folder": Origin(
        purpose="A collection of somebody's own; what it was made for, is not known here.",
        makers="The owner of the folder.",
        music="The audio files in and below the folder, in any format that libsndfile reads.",
        genres="The names of the subfolders, or the column `genre` of `labels.csv`. Nobody else has checked them.",
        moods=(
            "The columns `mood` or `valence` of `labels.csv`, if it has them; a valence is cut into moods. How they "
            "came about, is not known here."
        ),
        people=(
            "Artists as the files' tags or `labels.csv` name them. If labels tell of listeners, whoever shares these "
            "pages answers for what those agreed to."
        ),
        licence=(
            "Whatever the owners of the music gave it; the column `license` of `labels.csv` is shown where it is "
            "filled. Pages with sound should be shared only where that allows it."
        ),
        citation="This project (`CITATION.cff`); the collection by whatever name its owner gives it.",
        upkeep=(
            "The folder stays where it is and is read anew whenever a file in it changes; the checksum in the data "
            "card then changes too."
        ),
        fit="Finding out how well one's own tags can be told from the sound, and how much of that is leakage.",
        unfit="Comparison with the numbers of other corpora: classes, songs and how hard they are differ.",
        limits=(
            "Tags of a private collection are often inconsistent, and its genres unequal; songs whose tags name no "
            "artist take no part under the protocol `artist`."
        ),
    ),
}


def origin(corpus: str) -> Origin:
    """Origin of a corpus. Pages 08 and 09.

    Raises
    ------
    ReportError
        If there is no such corpus.
    """
    module(corpus)
    return ORIGINS[corpus]
