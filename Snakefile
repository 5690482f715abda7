# Which notebook runs with which parameters, on what inputs. Called by lib.study, which checks the study first.
#   snakemake prepare   01 corpus, 02 slices, 03 descriptions of the networks
#   snakemake report    04 every run, 05 and 06, the cards, the pages
# Two calls, so that the second knows every network that 03 described and compares the descriptions by
# checksum: an edited sentence in 03 retrains nothing, an edited architecture that network alone.
# What Snakemake watches of a step are the two files of lib.done; what the step makes is never deleted first.
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from lib import config as studies
from lib import parts
from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.provenance import needs, sources
from lib.splits import GROUPS as WHOLE
from lib.tables import read_tracks
from lib.tagging.model import SHIPPED

CONFIG = studies.load(config["study"], config["data"])
ROOT = config["root"]
WIDE = config["wide"]  # processors of a step that can use any number of them
STUDY = Study(CONFIG.study, ROOT)
ASKED = {run.name: run for run in CONFIG.runs(CONFIG.networks_of(STUDY))}
SEARCH = {run.name: run for run in CONFIG.search_runs()}
VECTORS = {run.name: run for run in CONFIG.vector_runs()}
RUNS = ASKED | SEARCH | VECTORS
FIRST = next((run for run in ASKED.values() if run.protocol == "artist"), next(iter(ASKED.values())))
# Runs like the first, of other folds and seeds; under a protocol that deals out slices no song is a model's own.
SAME = [
    run.name
    for run in ASKED.values()
    if replace(run, fold=FIRST.fold, seed=FIRST.seed) == FIRST and run != FIRST and FIRST.protocol in WHOLE
]
DONE = STUDY.work / "done"
BYTES_OF_AN_ANSWER = 150
HEADS = 3  # of a network, as a rule
CORES = "REPORT_CORES={threads} "  # which a step would else take from its machine
EXECUTE = (
    f"{CORES if config['cluster'] else ''}{sys.executable} -m lib.execute {{params.notebook:q}} {{params.output:q}} --parameters {{params.given:q}} "
    "--label {params.label:q} --done {params.done:q} --made {params.made:q} 2>&1"
)


def code(notebook):
    return [str(path) for path in needs(NOTEBOOKS / f"{notebook}.ipynb")]


def parameters(number, **given):
    return json.dumps({"study": CONFIG.study, "root": ROOT, **CONFIG.parameters.get(number, {}), **given}, sort_keys=True)


def finished(run):  # if its key does not match any more it is trained all the same, two at a time
    return any((folder / run / "record.json").is_file() for folder in (STUDY.runs, STUDY.kept))


def answers_mb():  # of all runs about the test slices, by head: 05 holds them all
    file = STUDY.slices / "slices.json"
    slices = json.loads(file.read_text())["shape"][0] if file.is_file() else 0
    return round(slices / CONFIG.folds * len(ASKED) * HEADS * BYTES_OF_AN_ANSWER / 1e6)


def elsewhere():  # what 05 tells of other studies
    given = CONFIG.parameters.get("05", {})
    tables = {"unequal": "balance.csv", "tasks": "together.csv"}
    files = [Study(given[name], ROOT).tables / table for name, table in tables.items() if given.get(name)]
    return [str(file) for file in files if file.is_file()]


def steps(suffix):
    chapters = ("01", "02", "03", "05", "06", "07", "08", "09")
    return [DONE / f"{chapter}.{suffix}" for chapter in chapters] + [DONE / "04" / f"{run}.{suffix}" for run in RUNS]


# Snakemake does not look for what is missing behind a target that is there: without every note, no pages.
if not all(note.is_file() for note in steps("json") + steps("page")):
    (DONE / "pages").unlink(missing_ok=True)


def again(amount):  # on a cluster, a step that was killed asks for more memory and time when it is tried again
    return lambda wildcards, attempt: amount * attempt


wildcard_constraints:
    run="|".join(map(re.escape, RUNS)),


localrules:
    prepare,
    report,


rule prepare:  # all three: what is missing behind one that is there is not looked for
    input:
        DONE / "01.json",
        DONE / "02.json",
        DONE / "03.json",


rule report:
    input:
        DONE / "pages",


checkpoint corpus:  # how many parts the slices have is known after it
    input:
        code("01_data_acquisition"),
        labels=studies.label_files(CONFIG),
    output:
        DONE / "01.json",
        DONE / "01.page",
    params:
        notebook=NOTEBOOKS / "01_data_acquisition.ipynb",
        output=STUDY.notebooks / "01_data_acquisition.ipynb",
        label="01_data_acquisition",
        done=DONE / "01",
        made=[STUDY.tracks],
        music=lambda w: studies.folder_digest(CONFIG),  # not by each job of a cluster, which reads this file too
        given=parameters(
            "01", corpus=CONFIG.corpus, data=CONFIG.data, folds=CONFIG.folds, protocols=list(CONFIG.protocols)
        ),
    threads: WIDE
    resources:
        mem_mb=again(3000),
        runtime=again(720),
    shell:
        EXECUTE


def parts_of_slices(wildcards):  # none of a small corpus
    checkpoints.corpus.get()
    count = parts.number_of(read_tracks(STUDY.tracks))
    return [DONE / "02" / f"{number}.part" for number in range(count)]


rule part_of_slices:
    input:
        [str(path) for path in sources("lib.parts")],
        DONE / "01.json",
    output:
        touch(DONE / "02" / "{number}.part"),
    params:
        root=STUDY.root,
        done=lambda w: DONE / "02" / w.number,
        given=json.dumps(CONFIG.parameters.get("02", {}), sort_keys=True),
    threads: 1
    resources:
        mem_mb=again(2000),
        runtime=again(240),
    shell:
        CORES + "{sys.executable} -m lib.parts --study {CONFIG.study} --root {params.root:q} "
        "--number {wildcards.number} --parameters {params.given:q} --done {params.done:q} 2>&1"


rule slices:
    input:
        code("02_spectrogram_slicing"),
        DONE / "01.json",
        parts_of_slices,
    output:
        DONE / "02.json",
        DONE / "02.page",
    params:
        notebook=NOTEBOOKS / "02_spectrogram_slicing.ipynb",
        output=STUDY.notebooks / "02_spectrogram_slicing.ipynb",
        label="02_spectrogram_slicing",
        done=DONE / "02",
        made=[STUDY.slices / "slices.json", STUDY.slices / "slices.parquet"],
        given=parameters("02"),
    threads: WIDE
    resources:
        mem_mb=again(3000),
        runtime=again(720),
    shell:
        EXECUTE


rule zoo:
    input:
        code("03_model_zoo"),
        DONE / "01.json",
        DONE / "02.json",
    output:
        DONE / "03.json",
        DONE / "03.page",
    params:
        notebook=NOTEBOOKS / "03_model_zoo.ipynb",
        output=STUDY.notebooks / "03_model_zoo.ipynb",
        label="03_model_zoo",
        done=DONE / "03",
        made=[STUDY.zoo / "networks.json"],
        given=parameters("03"),
    threads: WIDE
    resources:
        mem_mb=again(3000),
        runtime=again(120),
    shell:
        EXECUTE


rule train:
    input:
        code("04_training"),
        DONE / "01.json",
        DONE / "02.json",
        description=lambda w: [STUDY.zoo / f"{name}.json" for name in CONFIG.architectures_of(RUNS[w.run])],
        # What best chooses from is trained within its own run, but for what the search trains too.
        candidates=lambda w: [DONE / "04" / f"{run}.json" for run in SEARCH if RUNS[w.run].recipe == "best"],
    output:
        DONE / "04" / "{run}.json",
        DONE / "04" / "{run}.page",
    params:
        notebook=NOTEBOOKS / "04_training.ipynb",
        output=lambda w: (STUDY.notebooks if CONFIG.has_page(RUNS[w.run]) else STUDY.work)
        / "04_training"
        / f"{w.run}.ipynb",
        label=lambda w: f"04_training {w.run}",
        done=lambda w: DONE / "04" / w.run,
        made=lambda w: [STUDY.runs / w.run / "record.json"],
        given=lambda w: parameters(
            "04",
            architecture=RUNS[w.run].architecture,
            protocol=RUNS[w.run].protocol,
            fold=RUNS[w.run].fold,
            seed=RUNS[w.run].seed,
            share=RUNS[w.run].share,
            heads=list(RUNS[w.run].heads),
            folds=CONFIG.folds,
            epochs=CONFIG.epochs_of(RUNS[w.run]),
            keep=True,
            recipe=RUNS[w.run].recipe,
            dev=RUNS[w.run].dev,
            candidate=RUNS[w.run].candidate,
            candidates=list(CONFIG.candidates) if RUNS[w.run].recipe == "best" else [],
            devs=list(CONFIG.devs) if RUNS[w.run].recipe == "best" else [],
        ),
    threads: lambda w: 1 if RUNS[w.run].recipe == "baseline" or finished(w.run) else 2
    resources:
        mem_mb=again(3000),
        runtime=again(720),
    shell:
        EXECUTE + " --tolerable"


rule evaluate:
    input:
        code("05_error_analysis"),
        DONE / "01.json",
        [DONE / "04" / f"{run}.json" for run in RUNS],
        elsewhere(),
    output:
        DONE / "05.json",
        DONE / "05.page",
    params:
        notebook=NOTEBOOKS / "05_error_analysis.ipynb",
        output=STUDY.notebooks / "05_error_analysis.ipynb",
        label="05_error_analysis",
        done=DONE / "05",
        made=[STUDY.results / "summary.json", STUDY.tables / "results.csv"],
        given=parameters("05", corpus=CONFIG.corpus, runs=list(ASKED)),
    resources:
        mem_mb=lambda w, attempt: attempt * (3000 + (answers_mb() if config["cluster"] else 0)),
        runtime=again(120),
    shell:
        EXECUTE


rule embedding:
    input:
        code("06_fc_embedding"),
        DONE / "01.json",
        DONE / "02.json",
        [DONE / "04" / f"{run}.json" for run in dict.fromkeys([FIRST.name, *SAME, *VECTORS])],
    output:
        DONE / "06.json",
        DONE / "06.page",
    params:
        notebook=NOTEBOOKS / "06_fc_embedding.ipynb",
        output=STUDY.notebooks / "06_fc_embedding.ipynb",
        label="06_fc_embedding",
        done=DONE / "06",
        made=[STUDY.tables / "nodes.csv"],
        given=parameters("06", run=FIRST.name, others=SAME, widths=list(VECTORS)),
    threads: WIDE if config["cluster"] else 1  # many for a while only: here it need not wait for them
    resources:
        mem_mb=again(3000),
        runtime=again(120),
    shell:
        EXECUTE + " --tolerable"


rule tags:
    input:
        code("07_tag_your_music"),
        DONE / "01.json",
        DONE / "05.json",  # how good a network is
        [str(path) for path in sorted(SHIPPED.glob("*")) if path.suffix != ".md"],
    output:
        DONE / "07.json",
        DONE / "07.page",
    params:
        notebook=NOTEBOOKS / "07_tag_your_music.ipynb",
        output=STUDY.notebooks / "07_tag_your_music.ipynb",
        label="07_tag_your_music",
        done=DONE / "07",
        made=[STUDY.tables / "tags.csv"],
        given=parameters("07"),
    threads: WIDE
    resources:
        mem_mb=again(3000),
        runtime=again(120),
    shell:
        EXECUTE


rule data_card:
    input:
        code("08_data_card"),
        DONE / "01.json",
        DONE / "02.json",
    output:
        DONE / "08.json",
        DONE / "08.page",
    params:
        notebook=NOTEBOOKS / "08_data_card.ipynb",
        output=STUDY.notebooks / "08_data_card.ipynb",
        label="08_data_card",
        done=DONE / "08",
        made=[],
        given=parameters("08", corpus=CONFIG.corpus, folds=CONFIG.folds),
    resources:
        mem_mb=again(2000),
        runtime=again(120),
    shell:
        EXECUTE


rule model_card:
    input:
        code("09_model_card"),
        DONE / "05.json",
        [DONE / "04" / f"{run}.json" for run in RUNS],
    output:
        DONE / "09.json",
        DONE / "09.page",
    params:
        notebook=NOTEBOOKS / "09_model_card.ipynb",
        output=STUDY.notebooks / "09_model_card.ipynb",
        label="09_model_card",
        done=DONE / "09",
        made=[STUDY.tables / "costs.csv"],
        given=parameters("09", corpus=CONFIG.corpus, runs=list(ASKED)),
    resources:
        mem_mb=again(2000),
        runtime=again(120),
    shell:
        EXECUTE


rule pages:
    input:
        [str(path) for path in sources("lib.site.build")],
        [str(path) for path in sorted((PROJECT / "lib" / "site" / "template").rglob("*")) if path.is_file()],
        steps("json"),
        steps("page"),
    output:
        touch(DONE / "pages"),
    params:
        root=STUDY.root,
    shell:
        "{sys.executable} -m lib.site --study {CONFIG.study} --root {params.root:q} 2>&1"
