"""The one exception that a user is meant to read."""


class ReportError(Exception):
    """Something the user can mend.

    The message is one to three sentences that name the value, the file and the remedy; commands print
    it without a traceback.
    """
