"""The site: one page a notebook and an index, built by nbconvert with the project's own template.

The pages open from disk, run no script and fetch nothing from anywhere; ``python -m lib.report --study
demo`` builds them from the executed notebooks, tables and figures of a study.
"""

from lib.report.site import build

__all__ = ["build"]
