"""Which counts are withheld so that no small one can be worked out, and the interval that is stated for each.

A withheld count is protected when other tables, which agree with everything that is published, have its interval's
lowest and highest value in its place. Such tables are looked for by linear programming; every count in which one of
them differs from the truth is withheld as well (complementary suppression). They prove the protection: whoever knows
the rule, the links and what is published cannot rule any of them out. (Fischetti and Salazar 2000, Management Science
47; Kelly, Golden and Assad 1992, Networks 22.)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import block_array, csr_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

_TABLES = 40  # at most so many are looked for at a time
_STALLS = 3  # tables in a row that bring nothing, before counts are taken one by one
# What a small count's step by one person is worth where moving one in a count that would be told costs 1; first only
# counts that are withheld already move.
_WORTH = (1.0, 0.9, 500.0)


@dataclass(frozen=True)
class Linked:
    """Counts of people and how they add up.

    Parameters
    ----------
    values
        Whole numbers of 0 or more.
    links
        One row for each sum: 1 for what is added, -1 for the total; ``links @ values`` is 0.
    small
        Where the rule withholds counts from 1 to one below the smallest that is told.
    order
        One row for each pair of which the first is never above the second (a minimum and a maximum): 1 and -1.
    slack
        By how much the second is above the first.
    known
        Counts that are published elsewhere: never withheld.
    hidden
        Counts that nobody is told anyway.
    still
        Counts that whoever looks is taken to know, though they may be withheld.
    """

    values: np.ndarray
    links: csr_array
    small: np.ndarray
    order: csr_array
    slack: np.ndarray
    known: np.ndarray
    hidden: np.ndarray
    still: np.ndarray


@dataclass(frozen=True)
class Withheld:
    """The withheld counts, true in `mask`, and the lowest and highest value that each may have."""

    mask: np.ndarray
    low: np.ndarray
    high: np.ndarray


def linked(
    values: np.ndarray,
    links: csr_array,
    *,
    small: np.ndarray,
    order: csr_array | None = None,
    known: np.ndarray | None = None,
    hidden: np.ndarray | None = None,
    still: np.ndarray | None = None,
) -> Linked:
    """Put counts and their sums together; what is not given is none."""
    size = len(values)
    none = np.zeros(size, dtype=bool)
    values, order = np.asarray(values, dtype="int64"), csr_array((0, size)) if order is None else order
    return Linked(
        values, links, np.asarray(small, dtype=bool), order, -(order @ values),
        *(none if given is None else np.asarray(given, dtype=bool) for given in (known, hidden, still)),
    )  # fmt: skip


def withhold(counts: Linked, *, smallest: int) -> Withheld:
    """Choose what is withheld and state for each withheld count what it may be.

    Counts from 1 to `smallest` - 1 in `small` are withheld first; their stated interval is 1 to `smallest` - 1 wherever
    what must be published leaves that open. If it does not, places where nobody was harmed are withheld with them.

    Parameters
    ----------
    counts
        Values and how they add up.
    smallest
        The smallest count that is told, people.

    Returns
    -------
    Withheld
        For each count whether it is withheld, and between which whole numbers it is stated to lie.

    Examples
    --------
    Of three provinces that add up to 30, one with 2 dead is withheld and another one with it:

    >>> sums = csr_array(np.array([[1, 1, 1, -1]]))
    >>> counts = linked([2, 9, 19, 30], sums, small=[True, True, True, False], known=[False, False, False, True])
    >>> found = withhold(counts, smallest=5)
    >>> found.mask.tolist(), found.low[0].item(), found.high[0].item()
    ([True, True, False, False], 1, 4)
    """
    found = Withheld(np.zeros(len(counts.values), dtype=bool), counts.values.copy(), counts.values.copy())
    groups = _apart(counts)
    with ThreadPoolExecutor() as pool:  # HiGHS works outside Python's lock
        decided = list(pool.map(lambda at: _withhold_together(_only(counts, at), smallest), groups))
    for at, one in zip(groups, decided, strict=True):
        found.mask[at], found.low[at], found.high[at] = one.mask, one.low, one.high
    return found


def _apart(counts: Linked) -> list[np.ndarray]:
    """Split the counts into groups that no sum joins but through counts that are known."""
    both = vstack([counts.links, counts.order]).tocsr()[:, np.flatnonzero(~counts.known)]
    incidence = (both != 0).astype("int8")
    _, group = connected_components(block_array([[None, incidence], [incidence.T, None]]), directed=False)
    loose = np.flatnonzero(~counts.known)
    members = pd.Series(loose).groupby(group[both.shape[0] :]).agg(list)
    small = counts.small & (counts.values > 0)
    return [np.array(one) for one in members if small[one].any()]


def _only(counts: Linked, at: np.ndarray) -> Linked:
    """Take one group by itself; a sum with a known total keeps to what the group adds to it."""
    links, order = _used(counts.links[:, at]), counts.order[:, at]
    slack = counts.slack[np.diff(order.indptr) > 0]
    masks = (mask[at] for mask in (counts.known, counts.hidden, counts.still))
    return Linked(counts.values[at], links, counts.small[at], _used(order), slack, *masks)


def _withhold_together(counts: Linked, smallest: int) -> Withheld:
    values = counts.values
    primary = counts.small & (values > 0) & (values < smallest) & ~counts.known & ~counts.hidden
    found = Withheld(primary.copy(), values.copy(), values.copy())
    wanted = (np.where(primary, 1, values), np.where(primary, smallest - 1, values))
    for zeros in (False, True):
        for worth in _WORTH[:-1] if zeros else _WORTH:
            found = _widen(counts, found, wanted, smallest, worth=worth, zeros=zeros)
        if not _short(found, wanted).any():
            break
    return _doubt(counts, found, smallest)


def _doubt(counts: Linked, found: Withheld, smallest: int) -> Withheld:
    """Look, one by one, for another table for each withheld count that nothing has put in doubt yet."""
    for at in np.flatnonzero(found.mask & (found.low == found.high)):
        if found.low[at] < found.high[at]:
            continue
        for loose, way in product(range(3), (1, 0)):
            pull = np.zeros((2, len(counts.values)))
            pull[way, at] = _WORTH[-1]
            other = _other_table(counts, found.mask, pull, smallest, worth=_WORTH[-1], zeros=True, loose=loose)
            if other[at] != counts.values[at]:
                mask = found.mask | ((other != counts.values) & ~counts.hidden)
                found = Withheld(mask, np.minimum(found.low, other), np.maximum(found.high, other))
                break
    return found


def _short(found: Withheld, wanted: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Say which counts do not reach the lowest (first row) or highest value (second row) wanted of them."""
    return np.array([found.low > wanted[0], found.high < wanted[1]])


def _widen(
    counts: Linked,
    found: Withheld,
    wanted: tuple[np.ndarray, np.ndarray],
    smallest: int,
    *,
    worth: float,
    zeros: bool,
) -> Withheld:
    """Look for other tables that agree with what is told: first such as move many small counts, then one by one."""
    generator = np.random.default_rng(0)  # the same counts are withheld on every machine
    stalls = 0
    given_up = np.zeros((2, len(counts.values)), dtype=bool)
    for _ in range(_TABLES):
        short = _short(found, wanted) & ~given_up
        if not short.any():
            break
        pull = short * generator.uniform(0.5, 1.5, short.shape)
        if stalls >= _STALLS:
            if worth < _WORTH[-1]:
                break
            one = np.unravel_index(np.argmax(pull), short.shape)
            given_up[one] = True
            pull = np.zeros(short.shape)
            pull[one] = 1
        other = _other_table(counts, found.mask, pull * worth, smallest, worth=worth, zeros=zeros)
        gained = ((short[0] & (other < found.low)) | (short[1] & (other > found.high))).any()
        stalls += not gained
        if gained:
            mask = found.mask | ((other != counts.values) & ~counts.hidden)
            found = Withheld(mask, np.minimum(found.low, other), np.maximum(found.high, other))
    return found


def _other_table(
    counts: Linked,
    withheld: np.ndarray,
    pull: np.ndarray,
    smallest: int,
    *,
    worth: float,
    zeros: bool,
    loose: int = 0,
) -> np.ndarray:
    """Find another table of whole numbers that agrees with what is told and moves small counts towards their ends."""
    values = counts.values
    least, most = _room(counts, smallest, zeros=zeros, loose=loose)
    if worth == _WORTH[0]:
        told = ~withheld & ~counts.hidden
        least, most = np.where(told, values, least), np.where(told, values, most)
    open_ = np.flatnonzero(least < most)
    if not len(open_):
        return values
    cost = np.where(withheld | counts.hidden, 0.0, 1.0)[open_]
    links, order = _used(counts.links[:, open_]), counts.order[:, open_]
    slack = counts.slack[np.diff(order.indptr) > 0]
    order = _used(order)
    # a count's move is what is added less what is taken away
    pulled = (pull[1] - pull[0])[open_]
    price = np.concatenate([cost - pulled, cost + pulled])
    price += 1e-4  # of two tables that serve as well, the one nearer to the truth
    bounds = np.column_stack([np.zeros(2 * len(open_)), np.concatenate([most - values, values - least])[
        np.concatenate([open_, open_ + len(values)])]])  # fmt: skip
    both = {"A_eq": hstack([links, -links]).tocsr(), "b_eq": np.zeros(links.shape[0])}
    if order.shape[0]:
        both |= {"A_ub": hstack([order, -order]).tocsr(), "b_ub": slack}
    solved = linprog(price, bounds=bounds, method="highs", **both)
    moves = None if solved.x is None else _whole(solved.x, links, order, slack)
    other = values.copy()
    if moves is not None:
        other[open_] += moves
    return other


def _room(counts: Linked, smallest: int, *, zeros: bool, loose: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Give the least and the most that each count may be in another table, for one who knows the rule.

    A count below the smallest that is told stays below it, so that the interval stated for it is that of the rule, and
    others stay above it; `loose` gives up the second, from 2 on both.
    """
    values, far = counts.values, max(int(counts.values.max(initial=0)), smallest) * 4
    empty, few = values == 0, (values > 0) & (values < smallest)
    least = np.where(counts.small & ~empty & ~few, smallest, np.where(few & counts.small & ~np.bool_(zeros), 1, 0))
    most = np.where(counts.small & (empty | few), smallest - 1, far)
    least = np.zeros_like(values) if loose else least
    most = np.full_like(values, far) if loose > 1 else most
    still = counts.known | counts.still | (empty & ~(counts.small & np.bool_(zeros)) & ~counts.hidden)
    return np.where(still, values, least), np.where(still, values, most)


def _used(rows: csr_array) -> csr_array:
    """Leave out the rows that say nothing."""
    return rows[np.flatnonzero(np.diff(rows.indptr))]


def _whole(found: np.ndarray | None, links: csr_array, order: csr_array, slack: np.ndarray) -> np.ndarray | None:
    """Give the moves as whole numbers, or none where rounding breaks a sum."""
    if found is None:
        return None
    added, taken = np.split(np.rint(found).astype("int64"), 2)
    moves = added - taken
    return moves if not (links @ moves).any() and (order @ moves <= slack).all() else None
