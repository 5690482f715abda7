from lib import provenance
from lib.paths import NOTEBOOKS, PROJECT


def test_sources_follow_imports_within_the_project():
    found = {str(path.relative_to(PROJECT)) for path in provenance.sources("lib.features.slicing")}
    assert {"lib/features/slicing.py", "lib/features/spectrogram.py", "lib/pool.py", "lib/audio.py"} <= found
    assert "lib/training/fit.py" not in found
    assert provenance.sources("numpy") == ()


def test_a_notebook_needs_itself_and_what_it_calls():
    found = {str(path.relative_to(PROJECT)) for path in provenance.needs(NOTEBOOKS / "02_spectrogram_slicing.ipynb")}
    assert {"notebooks/02_spectrogram_slicing.ipynb", "lib/features/slicing.py", "lib/plots/spectrograms.py"} <= found
    assert "lib/models/pretrained.py" in found and "lib/models/yu2018.py" not in found
    assert not any(name.startswith("lib/evaluation") for name in found)


def test_only_code_counts(tmp_path):
    def digest(text):
        (tmp_path / "m.py").write_text(text)
        provenance._code.cache_clear()
        provenance._tree.cache_clear()
        return provenance.code_digest((tmp_path / "m.py",))

    first = digest('"""One."""\ndef f(x):\n    """Two."""\n    return x + 1\n')
    assert digest('"""Other."""\n\n\n# a comment\ndef f(x):\n    """Words."""\n    return x + 1\n') == first
    assert digest('"""One."""\ndef f(x):\n    """Two."""\n    return x + 2\n') != first


def test_versions_and_machine_are_known():
    assert {"python", "keras", "numpy"} <= set(provenance.versions())
    assert provenance.machine()["cores"] >= 1


def test_the_digest_is_the_same_under_every_version_of_python(tmp_path):
    (tmp_path / "m.py").write_text(
        'class A(list):\n    """Doc."""\n\n    def f(self, *a, b: int = 1, **c) -> str:\n'
        "        return f\"{b!r:>{len(a)}} {'x'}\" + [i for i in a if i][0]\n"
    )
    assert provenance.code_digest((tmp_path / "m.py",)) == "20c1dfca2cf433e6"
