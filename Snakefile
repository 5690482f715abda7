# Which notebook runs with which parameters, on what inputs. `python -m lib.workflow report` calls it twice:
#   snakemake prepare   01 corpus, 02 slices, 03 descriptions of the networks
#   snakemake report    04 runs, 05 to 07, the cards, the pages
# A step runs again when its code, its parameters or the content of its inputs change. Whether a run is trained again is
# decided by its key alone (lib.runs.key), so its inputs are ancient. update() keeps an output until the new one is whole.
import sys

from lib.paths import CHAPTERS
from lib.workflow import config as studies
from lib.workflow.steps import Steps, one_of

STEPS = Steps(**config)
STUDY, RUNS, WIDE = STEPS.here, STEPS.runs, STEPS.wide
PYTHON = sys.executable
SLICES, NETWORKS, INDEX = STUDY.slices / "slices.json", STUDY.zoo / "networks.json", STUDY.results / "index.html"


def again(amount):  # a job that was killed asks for more memory and time when a cluster tries it again
    return lambda wildcards, attempt: amount * attempt


wildcard_constraints:
    run=one_of(RUNS),


localrules:
    prepare,
    report,


rule prepare:
    input:
        STUDY.tracks,
        SLICES,
        NETWORKS,
        [STEPS.executed(chapter) for chapter in ("01", "02", "03")],


rule report:
    input:
        rules.prepare.input,
        [STEPS.record(run) for run in RUNS],
        STEPS.pages,
        INDEX,


rule notebook:  # what the chapters share
    output:
        notebook=".notebook",
    resources:
        mem_mb=again(3000),
        runtime=again(120),
    shell:
        "OMP_NUM_THREADS={threads} TF_NUM_INTRAOP_THREADS={threads} "
        "{PYTHON:q} -m lib.workflow.notebook {params.path:q} {output.notebook:q} --parameters {params.given:q} "
        "--label {params.label:q} --made {output:q} 2> {log:q}"


use rule notebook as corpus with:
    output:
        tracks=update(STUDY.tracks),
        notebook=update(STEPS.executed("01")),
    log:
        STEPS.log("01"),
    params:
        **STEPS.of_chapter("01"),
        labels=lambda w: STEPS.labels,
        music=lambda w: studies.folder_digest(STEPS.declared),  # by the main process, not by each job of a cluster
    threads: WIDE


use rule notebook as slices with:
    input:
        STUDY.tracks,
        STEPS.chunks,
    output:
        manifest=update(SLICES),
        notebook=update(STEPS.executed("02")),
    log:
        STEPS.log("02"),
    params:
        **STEPS.of_chapter("02"),
    threads: WIDE


rule chunk_of_slices:  # of a large corpus, so that each is a job of its own
    input:
        STUDY.tracks,
    output:
        update(STUDY.slices / "chunk-{number}" / "slices.json"),
    log:
        STEPS.log("02-{number}"),
    params:
        **STEPS.of_chunks(),
    resources:
        mem_mb=again(2000),
        runtime=again(240),
    shell:
        "REPORT_CORES={threads} {PYTHON:q} -m lib.workflow chunk --study {params.study:q} --root={params.root:q} "
        "--number {wildcards.number} --parameters {params.given:q} --made {output:q} 2> {log:q}"


use rule notebook as networks with:
    input:
        STUDY.tracks,
        SLICES,
    output:
        networks=update(NETWORKS),
        notebook=update(STEPS.executed("03")),
    log:
        STEPS.log("03"),
    params:
        **STEPS.of_chapter("03"),


rule train:
    input:
        ancient(STUDY.tracks),
        ancient(SLICES),
        ancient(NETWORKS),
        lambda w: STEPS.before(w.run),
    output:
        update(STUDY.runs / "{run}" / "record.json"),
    wildcard_constraints:
        run=one_of(STEPS.without_page),
    log:
        STEPS.log("04", "{run}"),
    params:
        study=lambda w: STEPS.file,
        root=lambda w: STEPS.root,
        given=lambda w: STEPS.training(w.run),
    threads: lambda w: STEPS.threads(w.run)
    resources:
        mem_mb=again(3000),
        runtime=again(720),
    shell:
        "OMP_NUM_THREADS={threads} TF_NUM_INTRAOP_THREADS={threads} "
        "{PYTHON:q} -m lib.workflow train --study {params.study:q} --root={params.root:q} "
        "--only {wildcards.run:q} --made {output:q} 2> {log:q}"


use rule notebook as training with:
    input:
        ancient(STUDY.tracks),
        ancient(SLICES),
        ancient(NETWORKS),
        lambda w: STEPS.before(w.run),
    output:
        record=update(STUDY.runs / "{run}" / "record.json"),
        notebook=update(STEPS.executed("04", "{run}")),
    wildcard_constraints:
        run=one_of(STEPS.with_page),
    log:
        STEPS.log("04", "{run}"),
    params:
        path=lambda w: STEPS.source("04"),
        code=lambda w: STEPS.code("04"),
        label=lambda w: f"{CHAPTERS['04']} {w.run}",
        given=lambda w: STEPS.training(w.run),
    threads: lambda w: STEPS.threads(w.run)
    resources:
        mem_mb=again(3000),
        runtime=again(720),


use rule notebook as evaluation with:
    input:
        STUDY.tracks,
        [STEPS.record(run) for run in RUNS],
        STEPS.other_studies,
    output:
        summary=update(STUDY.results / "summary.json"),
        table=update(STUDY.tables / "results.csv"),
        notebook=update(STEPS.executed("05")),
    log:
        STEPS.log("05"),
    params:
        **STEPS.of_chapter("05"),


use rule notebook as embedding with:
    input:
        STUDY.tracks,
        SLICES,
        [STEPS.record(run) for run in [STEPS.first, *STEPS.alike, *STEPS.vectors]],
    output:
        table=update(STUDY.tables / "units.csv"),
        notebook=update(STEPS.executed("06")),
    log:
        STEPS.log("06"),
    params:
        **STEPS.of_chapter("06"),


use rule notebook as tags with:
    input:
        STUDY.tracks,
        STUDY.tables / "results.csv",  # how good a network is
    output:
        table=update(STUDY.tables / "tags.csv"),
        notebook=update(STEPS.executed("07")),
    log:
        STEPS.log("07"),
    params:
        **STEPS.of_chapter("07"),
        model=lambda w: STEPS.shipped,
    threads: WIDE


use rule notebook as data_card with:
    input:
        STUDY.tracks,
        SLICES,
    output:
        notebook=update(STEPS.executed("08")),
    log:
        STEPS.log("08"),
    params:
        **STEPS.of_chapter("08"),


use rule notebook as model_card with:
    input:
        STUDY.tables / "results.csv",
        STUDY.results / "summary.json",
        [STEPS.record(run) for run in RUNS],
    output:
        table=update(STUDY.tables / "costs.csv"),
        notebook=update(STEPS.executed("09")),
    log:
        STEPS.log("09"),
    params:
        **STEPS.of_chapter("09"),


rule pages:
    input:
        STEPS.pages,
    output:
        update(INDEX),
    log:
        STEPS.log("pages"),
    params:
        root=lambda w: STEPS.root,
        code=STEPS.code_of_pages,
        failed=STEPS.failed,
    shell:
        "{PYTHON:q} -m lib.workflow pages --study {STUDY.name} --root={params.root:q} --made {output:q} 2> {log:q}"
