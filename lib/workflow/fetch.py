"""Fetch what a study draws from FMA, ahead of its report."""

import pandas as pd

from lib.datasets.assemble import checked
from lib.datasets.fma import collect
from lib.errors import ReportError
from lib.paths import Study
from lib.workflow import config


def fetch(study: str, data: str = "", root: str = "", *, whole_archive: bool = False) -> pd.DataFrame:
    """Fetch the songs that a study draws.

    Parameters
    ----------
    study : str
        Of corpus ``fma``: a name in ``config/`` or a YAML file.
    data : str
        Folder of FMA's archives or of what was unpacked from them.
    root : str
        Folder of ``downloads/`` and ``results/``; empty = the project's own.
    whole_archive : bool
        Take whole archives where a server gives no parts of them.

    Returns
    -------
    pd.DataFrame
        One row per song.

    Raises
    ------
    ReportError
        If the study is of another corpus, or something cannot be fetched.
    """
    declared = config.load(study, data)
    if declared.corpus != "fma":
        raise ReportError(f"study {declared.study!r} is of corpus {declared.corpus!r}; name one of corpus fma.")
    of_01 = declared.parameters.get("01", {})
    options = checked("fma", of_01.get("drawing", {}))
    options |= {name: of_01[name] for name in ("workers", "timeout_s") if name in of_01}
    options["whole_archive"] = whole_archive or options.get("whole_archive", False)
    return collect(Study(declared.study, root), declared.data, **options)
