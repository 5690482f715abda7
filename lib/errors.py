"""The one exception that a user is meant to read."""


class ReportError(Exception):
    """Something the user can fix.

    The message is one to three sentences that name the value, the file and the remedy; commands print
    it without a traceback, and so do notebooks.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: what it shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]
