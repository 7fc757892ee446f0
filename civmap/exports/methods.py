"""How each exhibit is made, in a sentence: the first of its function's own description, translated like any text."""

from __future__ import annotations

import inspect

from civmap.exhibits import ANALYSES


def method(analysis: str) -> str:
    """Give the sentence in English, the key of its translation.

    Examples
    --------
    >>> method("tallies")[-1:]
    '.'
    """
    return (inspect.getdoc(ANALYSES[analysis]) or "").split("\n\n")[0].replace("\n", " ")
