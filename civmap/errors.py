"""The errors a person may meet, each with what was found, what was expected and the next step.

Pages and the command line show a `CivMapError` as it stands; any other exception is a bug.
"""

from civmap.language import say


class CivMapError(Exception):
    """A fault that a person can understand and mend.

    Parameters
    ----------
    message
        One sentence that names the file, row or value.
    found, expected, next_step
        What was there, what should have been there, and what to do about it.
    """

    def __init__(
        self, message: str, *, found: str | None = None, expected: str | None = None, next_step: str | None = None
    ) -> None:
        self.message, self.found, self.expected, self.next_step = message, found, expected, next_step
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.message]
        if self.found:
            parts.append(say("Found: {found}.", found=self.found.rstrip(".")))
        if self.expected:
            parts.append(say("Expected: {expected}.", expected=self.expected.rstrip(".")))
        if self.next_step:
            parts.append(self.next_step)
        return " ".join(parts)


class TheatreError(CivMapError):
    """A theatre's folder is missing or faulty."""


class ReadError(CivMapError):
    """A file as a whole cannot be read; faults of single rows are set aside instead."""


class ColumnsError(ReadError):
    """No reader knows the columns of a file; a mapping can say what they are."""


class FetchError(CivMapError):
    """A file cannot be fetched from its address, or is not what was asked for."""


class StoreError(CivMapError):
    """The store cannot be opened, written or asked."""


class RecipeError(CivMapError):
    """A recipe asks for something that does not exist."""


class AnalysisError(CivMapError):
    """The data cannot carry the analysis that was asked for."""


class ExportError(CivMapError):
    """Something may not leave, or cannot be written whole."""
