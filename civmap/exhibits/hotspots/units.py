"""Cells and provinces in words."""

from __future__ import annotations

from typing import Any

from civmap.exhibits import words
from civmap.language import say, say_in

UNITS = ("cells", "provinces")


def counted(number: Any, unit: str) -> str:
    """Write a number of places.

    Examples
    --------
    >>> counted(1, "cells"), counted(34, "provinces")
    ('1 cell', '34 provinces')
    """
    if unit == "cells":
        return words.count(number, "cell", "cells")
    return words.count(number, "province", "provinces")


def of_all(unit: str) -> str:
    """Name all places of a kind, as those of whom something is said.

    Examples
    --------
    >>> of_all("cells")
    'cells'
    """
    return say_in("of all", "cells") if unit == "cells" else say_in("of all", "provinces")


def either(unit: str, cells: str, provinces: str, **values: Any) -> str:
    """Say one of two texts, that of cells or that of provinces.

    Examples
    --------
    >>> either("provinces", "Hot cells", "Hot provinces")
    'Hot provinces'
    """
    return say(cells if unit == "cells" else provinces, **values)
