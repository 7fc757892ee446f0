"""Numbers as people read them, and honest classes of them: few, readable, none empty, the last up to the maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from civmap.language import mark, say, write

NOT_KNOWN = mark("not known")
COARSE, FINE = (1, 2, 3, 5), (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)  # readable bounds, times a power of ten


@dataclass(frozen=True)
class Classes:
    """Values cut into classes.

    Parameters
    ----------
    breaks
        Lower bound of every class, then the largest value.
    index
        Class of each value, counted from 0; -1 for null.
    labels
        What the legend says, one per class.
    """

    breaks: tuple[float, ...]
    index: npt.NDArray[np.int8]
    labels: tuple[str, ...]


def classes(values: pd.Series, n: int = 5) -> Classes:
    """Cut values into at most n classes with readable bounds and about as many places in each as ties allow.

    Whole numbers get whole bounds (1, 2-4, 5-9, ...). Every class holds at least one value; a zero, which is an answer,
    stands in a class of its own.

    Parameters
    ----------
    values
        Numbers or null.
    n
        The largest number of classes.

    Examples
    --------
    >>> cut = classes(pd.Series([1, 1, 2, 3, 6, 9, 14, 37, None]), n=4)
    >>> cut.labels, cut.index.tolist()
    (('1', '2-4', '5-9', '10-37'), [0, 0, 1, 1, 2, 2, 3, 3, -1])
    """
    numbers = pd.to_numeric(values).to_numpy(dtype="float64", na_value=np.nan)
    known = np.sort(numbers[np.isfinite(numbers)])
    if not len(known):
        return Classes((), np.full(len(numbers), -1, dtype=np.int8), ())
    whole = bool((known == np.round(known)).all())
    tries = [_lower_bounds(known, max(n, 1), whole=whole, steps=steps) for steps in (COARSE, FINE)]
    lowers = max(tries, key=len)  # the first, coarse one where both give as many
    index = np.searchsorted(lowers, np.where(np.isfinite(numbers), numbers, -np.inf), side="right") - 1
    top = float(known[-1])
    uppers = [*lowers[1:], top]
    labels = [_label(low, high, last=k == len(lowers) - 1, whole=whole) for k, (low, high) in enumerate(
        zip(lowers, uppers, strict=True))]  # fmt: skip
    return Classes((*lowers, top), index.astype(np.int8), tuple(labels))


def _lower_bounds(known: npt.NDArray[np.float64], n: int, *, whole: bool, steps: tuple[float, ...]) -> list[float]:
    lowers = [float(known[0])]
    if n > 1 and lowers[0] == 0 and known[-1] > 0:
        rest = known[known > 0]
        return [0.0, *_lower_bounds(rest, n - 1, whole=whole, steps=steps)]
    rest = known
    for left in range(n, 1, -1):
        aim = float(np.quantile(rest, 1 / left, method="higher"))
        nice = _nice_numbers(lowers[-1], float(known[-1]), whole=whole, steps=steps)
        if not len(nice):
            break
        # among readable bounds that leave something on both sides, the one that comes nearest to an equal share
        shares = np.searchsorted(rest, nice, side="left") / len(rest)
        fits = (shares > 0) & (shares < 1)
        if not fits.any():
            break
        distance = np.abs(shares - 1 / left) + 1e-6 * np.abs(nice - aim)
        bound = float(nice[np.argmin(np.where(fits, distance, np.inf))])
        lowers.append(bound)
        rest = rest[rest >= bound]
    return lowers


def _nice_numbers(low: float, high: float, *, whole: bool, steps: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """List readable bounds above low and up to high; those of signed values are simply rounded steps."""
    if low < 0:
        even = np.linspace(low, high, 41)[1:]
        digits = int(np.ceil(-np.log10(max(high - low, 1e-12)))) + 2
        return np.unique(np.round(even, 0 if whole else digits))
    first = np.floor(np.log10(low)) if low > 0 else -3
    powers = 10.0 ** np.arange(max(first, 0) if whole else first, np.floor(np.log10(max(high, 1e-9))) + 1)
    nice = np.unique(np.outer(powers, steps))
    if steps is FINE and high > low:  # values close together need steps of their own distance, not of their size
        step = 10.0 ** np.floor(np.log10((high - low) / 2))
        step = max(step, 1.0) if whole else step
        nice = np.unique(np.round([*nice, *np.arange(np.ceil(low / step), high / step + 1) * step], 9))
    return nice[(nice > low) & (nice <= high) & ((nice == np.round(nice)) | (not whole))]


def _label(low: float, high: float, *, last: bool, whole: bool) -> str:
    if low == 0 and whole:
        return "0"
    if whole:
        end = high if last else high - 1
        if end == low:
            return number(low)
        return f"{number(low)}-{number(end)}" if low >= 0 else _range(write(low, "g"), write(end, "g"))
    first, end_ = write(low, ".3g"), write(high, ".3g")
    if low == high:
        return first
    return _range(first, end_) if last else say("{low} to <{high}", low=first, high=end_)


def _range(low: str, high: str) -> str:
    return say("{low} to {high}", low=low, high=high)


def number(value: Any) -> str:
    """Write a number for people: thousands apart, no false decimals, unknown in words.

    Examples
    --------
    >>> number(12345), number(0.256), number(None)
    ('12,345', '0.26', 'not known')
    """
    if value is None or pd.isna(value):
        return say(NOT_KNOWN)
    value = float(value)
    if not np.isfinite(value):
        return say("no limit")
    if value.is_integer() or abs(value) >= 100:
        return write(value, ",.0f")
    return write(value, ".1f" if abs(value) >= 10 else ".2g")


def interval(low: Any, high: Any) -> str:
    """Write an interval.

    Examples
    --------
    >>> interval(3, 12), interval(4, 4)
    ('3 to 12', '4')
    """
    first, last = number(low), number(high)
    return first if first == last else _range(first, last)
