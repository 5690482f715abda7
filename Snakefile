# Which notebook runs with which parameters, on what inputs. Called by lib.study, which checks the study first.
#   snakemake prepare   01 corpus, 02 slices, 03 descriptions of the networks
#   snakemake report    04 every run, 05 and 06, the pages
# Two calls, so that the second knows every network that 03 described and compares the descriptions by
# checksum: an edited sentence in 03 retrains nothing, an edited architecture that network alone.
import json
import sys
from pathlib import Path

from lib import config as studies
from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.provenance import needs, sources

CONFIG = studies.load(config["study"], config.get("data", ""))
ROOT = config.get("root", "")
STUDY = Study(CONFIG.study, ROOT)
RUNS = {run.name: run for run in CONFIG.runs(CONFIG.networks_of(STUDY))}
EXECUTE = f"{sys.executable} -m lib.execute"
FIRST = next((run for run in RUNS.values() if run.protocol == "artist"), next(iter(RUNS.values())))


def code(notebook):
    return [str(path) for path in needs(NOTEBOOKS / f"{notebook}.ipynb")]


def parameters(number, **given):
    own = CONFIG.parameters.get(number, {})
    return json.dumps({"study": CONFIG.study, "root": ROOT, **own, **given}, sort_keys=True)


wildcard_constraints:
    run="|".join(RUNS),


localrules:
    prepare,
    report,


rule prepare:
    input:
        STUDY.zoo / "networks.json",


rule report:
    input:
        STUDY.work / "pages.done",


rule corpus:
    input:
        code("01_data_acquisition"),
        labels=studies.label_files(CONFIG),
    output:
        notebook=STUDY.notebooks / "01_data_acquisition.ipynb",
        tracks=STUDY.tracks,
    params:
        notebook=NOTEBOOKS / "01_data_acquisition.ipynb",
        music=studies.folder_digest(CONFIG),
        given=parameters(
            "01", corpus=CONFIG.corpus, data=CONFIG.data, folds=CONFIG.folds, protocols=list(CONFIG.protocols)
        ),
    threads: workflow.cores
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} 2>&1"


rule slices:
    input:
        code("02_spectrogram_slicing"),
        tracks=STUDY.tracks,
    output:
        notebook=STUDY.notebooks / "02_spectrogram_slicing.ipynb",
        manifest=STUDY.slices / "slices.json",
    params:
        notebook=NOTEBOOKS / "02_spectrogram_slicing.ipynb",
        given=parameters("02"),
    threads: workflow.cores
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} 2>&1"


rule zoo:
    input:
        code("03_model_zoo"),
        tracks=STUDY.tracks,
        manifest=STUDY.slices / "slices.json",
    output:
        notebook=STUDY.notebooks / "03_model_zoo.ipynb",
        networks=STUDY.zoo / "networks.json",
    params:
        notebook=NOTEBOOKS / "03_model_zoo.ipynb",
        given=parameters("03", networks=list(CONFIG.networks)),
    threads: workflow.cores
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} 2>&1"


rule train:
    input:
        code("04_training"),
        tracks=STUDY.tracks,
        manifest=STUDY.slices / "slices.json",
        description=lambda w: STUDY.zoo / f"{RUNS[w.run].architecture}.json",
    output:
        notebook=STUDY.notebooks / "04_training" / "{run}.ipynb",
        record=STUDY.runs / "{run}" / "record.json",
    params:
        notebook=NOTEBOOKS / "04_training.ipynb",
        given=lambda w: parameters(
            "04",
            architecture=RUNS[w.run].architecture,
            protocol=RUNS[w.run].protocol,
            fold=RUNS[w.run].fold,
            seed=RUNS[w.run].seed,
            folds=CONFIG.folds,
            epochs=CONFIG.epochs_of(RUNS[w.run].architecture),
        ),
    threads: 2
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} --label '04_training {wildcards.run}' 2>&1"


rule evaluate:
    input:
        code("05_error_analysis"),
        tracks=STUDY.tracks,
        runs=[STUDY.runs / run / "record.json" for run in RUNS],
    output:
        notebook=STUDY.notebooks / "05_error_analysis.ipynb",
        summary=STUDY.results / "summary.json",
    params:
        notebook=NOTEBOOKS / "05_error_analysis.ipynb",
        given=parameters("05", corpus=CONFIG.corpus, runs=list(RUNS)),
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} 2>&1"


rule embedding:
    input:
        code("06_fc_embedding"),
        tracks=STUDY.tracks,
        run=STUDY.runs / FIRST.name / "record.json",
    output:
        notebook=STUDY.notebooks / "06_fc_embedding.ipynb",
    params:
        notebook=NOTEBOOKS / "06_fc_embedding.ipynb",
        given=parameters("06", run=FIRST.name),
    shell:
        "{EXECUTE} {params.notebook:q} {output.notebook:q} --parameters {params.given:q} 2>&1"


rule pages:
    input:
        [str(path) for path in sources("lib.report")],
        [str(path) for path in sorted((PROJECT / "lib" / "report" / "template").rglob("*")) if path.is_file()],
        STUDY.notebooks / "01_data_acquisition.ipynb",
        STUDY.notebooks / "02_spectrogram_slicing.ipynb",
        STUDY.notebooks / "03_model_zoo.ipynb",
        [STUDY.notebooks / "04_training" / f"{run}.ipynb" for run in RUNS],
        STUDY.notebooks / "05_error_analysis.ipynb",
        STUDY.notebooks / "06_fc_embedding.ipynb",
        summary=STUDY.results / "summary.json",
    output:
        touch(STUDY.work / "pages.done"),  # not index.html: an interrupted build leaves the older pages
    params:
        root=STUDY.root,
    shell:
        "{sys.executable} -m lib.report --study {CONFIG.study} --root {params.root:q} 2>&1"
