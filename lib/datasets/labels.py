"""Label files: CSV as people and spreadsheets write it, with errors that name file, row and value."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import ReportError


def read_labels(path: Path) -> pd.DataFrame:
    """Read a CSV file, separated by whichever of commas, semicolons and tabs the header holds most of, as text.

    Returns
    -------
    pd.DataFrame
        Every cell a string without outer blanks (empty where there is nothing); column names in lower case
        with ``_`` for blanks. Row i is line ``i + 2`` of a file without line breaks in its cells.

    Raises
    ------
    ReportError
        If the file is no CSV in UTF-8, a column name repeats or there is not one row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        table = pd.read_csv(
            path, sep=separator, dtype="string", keep_default_na=False, encoding="utf-8-sig", header=None,
            skip_blank_lines=False, skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        raise ReportError(f"{path} cannot be read as CSV in UTF-8: {error}. Save it anew as such.") from error
    table = table.fillna("").apply(lambda column: column.str.strip())
    names = table.iloc[0].str.lower().str.replace(r"\s+", "_", regex=True).tolist()
    table = table.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)
    table = table[(table != "").any(axis=1)]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ReportError(f"{path}: the header names column {repeated[0]!r} more than once. Keep one of them.")
    if not len(table):
        raise ReportError(f"{path}: holds no rows below its header. Fill it, or delete it if it is not needed.")
    return table


def numbers(
    cells: pd.Series, path: Path, low: float = -np.inf, high: float = np.inf, *, blank: bool = False
) -> pd.Series:
    """Numbers within bounds in a column of a table of `read_labels`; with `blank`, an empty cell is a missing one.

    Raises
    ------
    ReportError
        For the first cell that is no finite number from `low` to `high`; it names `path`.
    """
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    wrong = ~(values.between(low, high) & np.isfinite(values))
    if blank:
        wrong &= cells != ""
    if wrong.any():
        row = wrong.index[wrong.to_numpy()][0]
        bounds = f" from {low:g} to {high:g}" if np.isfinite([low, high]).all() else ""
        raise ReportError(f"{path}, row {row + 2}, column {cells.name}: {cells[row]!r} is not a number{bounds}.")
    return values
