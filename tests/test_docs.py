"""Each command that README and docs show can be called as it stands there."""

import re
import shlex
import subprocess

import pytest
import yaml

from lib.paths import NOTEBOOKS, PROJECT
from lib.tagging import __main__ as tagging
from lib.workflow import cli
from lib.workflow.config import known_studies, load
from lib.workflow.parameters import check_parameters

FILES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


def commands() -> list[tuple[str, str]]:
    """Command lines of the shell blocks, and calls of make in the text, with the file that shows them."""
    found = []
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            lines = (re.sub(r"\s+# .*", "", line).strip() for line in block.replace("\\\n", " ").splitlines())
            found += [(file.name, line) for line in lines if line and not line.startswith("#")]
        inline = re.findall(r"`(make [a-z][^`]*|\.venv/bin/[^`]*)`", text.replace("\n", " "))
        found += [(file.name, line) for line in inline]
    return found


@pytest.mark.parametrize(("file", "line"), commands())
def test_a_command_can_be_called_as_it_is_shown(file, line):
    line = re.sub(r"<[^>]*>", "emotify", line)  # <folder>, <its name>
    for one in re.sub(r"^for \w+ in [^;]*; do (.*); done$", r"\1", line).replace("$seed", "1").split(" && "):
        words = shlex.split(one)
        while re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            del words[0]
        words[0] = words[0].removeprefix(".venv/bin/")
        CHECKS[words[0]](words[1:])


def _make(words):
    targets = [word for word in words if "=" not in word]
    named = dict(word.split("=", 1) for word in words if "=" in word)
    rules = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets and set(targets) <= set(rules)
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{name}\b *\?=", text) for name in named)
    for study in named.get("STUDIES", named.get("STUDY", "demo")).split():
        assert study in known_studies()


def _python(words):
    if words[:2] == ["-m", "lib.workflow"]:
        assert words[2] in cli.COMMANDS
        known = {"--made", *(f"--{name}" for name in cli.COMMANDS[words[2]][1])}
        assert {word for word in words if word.startswith("--")} <= known
    else:
        assert words[:2] == ["-m", "lib.tagging"]
        assert tagging._parser().parse_args(words[2:]).music


def _papermill(words):
    notebook = PROJECT / next(word for word in words if word.endswith(".ipynb"))
    assert notebook.parent == NOTEBOOKS and notebook.is_file()
    given = {words[i + 1]: yaml.safe_load(words[i + 2]) for i, word in enumerate(words) if word == "-p"}
    given |= {k: v for i, word in enumerate(words) if word == "-y" for k, v in yaml.safe_load(words[i + 1]).items()}
    check_parameters(notebook, given)


def _pip(words):
    assert words[0] == "install"


CHECKS = {"make": _make, "python": _python, "papermill": _papermill, "pip": _pip}


def test_the_example_of_a_sweep_is_a_study(tmp_path):
    (block,) = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "sweeps.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "mine.yaml"
    path.write_text(f"corpus: demo\nnetworks: [yu2018]\nsplits: [artist]\n{block}", encoding="utf-8")
    assert load(str(path)).sweep


@pytest.mark.slow
@pytest.mark.parametrize("target", ["help", "status", "compare"])
def test_quick_commands_end_well(target):
    given = {"compare": ["STUDIES=emotify emotify_cuts"]}.get(target, [])
    assert subprocess.run(["make", target, *given], cwd=PROJECT, check=False, capture_output=True).returncode == 0


def test_the_workflow_publishes_what_is_committed():
    given = yaml.safe_load((PROJECT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    steps = given["jobs"]["publish"]["steps"]
    assert [step["uses"].split("@")[0] for step in steps if "uses" in step] == [
        "actions/checkout", "actions/configure-pages", "actions/upload-pages-artifact", "actions/deploy-pages",
    ]  # fmt: skip
    collect = next(step["run"] for step in steps if "run" in step)
    for target in re.findall(r"(emotify/index\.html)", collect):
        assert (PROJECT / "results" / target).is_file()


def test_binder_has_the_locked_versions_and_commands_that_exist():
    folder = PROJECT / "binder"
    assert (folder / "environment.yml").read_text() == (PROJECT / "environment.yml").read_text()
    script = folder / "postBuild"
    lines = [line for line in script.read_text().splitlines() if line.startswith("python")]
    assert script.stat().st_mode & 0o100 and len(lines) == 2
    _python(shlex.split(lines[1])[1:])
