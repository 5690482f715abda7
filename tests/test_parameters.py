"""Parameters that a notebook is given by plain papermill, checked by the notebook itself."""

import pytest

from lib.errors import ReportError
from lib.io import cells
from lib.paths import CHAPTERS, NOTEBOOKS
from lib.workflow.parameters import check_own, documented


def variables(notebook: str, injected: str) -> dict:
    """Variables of a notebook's kernel after its parameters and papermill's cell."""
    found: dict = {"In": ["", "# the cell of the parameters"], "Out": {}, "here": 1}
    exec(cells(NOTEBOOKS / f"{notebook}.ipynb", tag="parameters")[0], found)
    exec(injected, found)
    found["In"].append(f"# Parameters\n{injected}")
    return found


@pytest.mark.parametrize(
    ("notebook", "injected", "message"),
    [
        ("03_model_zoo", "heads = 'genre'", "heads is 'genre'; it must be of type list, by papermill as -y"),
        ("02_spectrogram_slicing", "n_mels = 96.5", "n_mels is 96.5; it must be of type int"),
        ("04_training", "settings = '{mixup: 0.5}'", "settings is '{mixup: 0.5}'; it must be of type dict"),
        ("04_training", "splitt = 'song'", "no parameter 'splitt'"),
        ("04_training", "keep = 1", "keep is 1; it must be of type bool"),
    ],
)
def test_a_wrong_parameter_is_named_by_the_notebook_itself(notebook, injected, message):
    with pytest.raises(ReportError) as error:
        check_own(notebook, variables(notebook, injected))
    assert message in str(error.value)


@pytest.mark.parametrize("notebook", CHAPTERS.values())
def test_what_a_notebook_documents_passes_also_when_it_is_run_again(notebook):
    check_own(notebook, variables(notebook, "study = 'mine'") | {"table": [1]})
    assert "study" in documented(NOTEBOOKS / f"{notebook}.ipynb")


def test_notebooks_show_an_error_of_ours_without_a_traceback():
    assert ReportError("Do this.")._render_traceback_() == ["ReportError: Do this."]
