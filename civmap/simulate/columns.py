"""Columns of simulated records: words by number, counts with unknowns, ranges, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema


def pick(words: Sequence[str | None], codes: Any, *, null: Any = None) -> pd.Series:
    """Write out words by their number."""
    return pa.array(words, pa.string()).take(pa.array(np.asarray(codes), mask=null)).to_pandas()


def counts(values: np.ndarray, known: np.ndarray) -> Any:
    """Make a column of people, null where not known."""
    return pd.arrays.IntegerArray(values.astype("int32"), ~known)


def ranges(what: str, best: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Give a best count with a minimum and a maximum; for half of the records the three are the same."""
    wide = rng.random(len(best)) < 0.5
    low = np.where(wide, rng.binomial(best, 0.9), best)
    high = np.where(wide, best + rng.poisson(0.12 * best), best)
    return {f"{what}_{end}": counts(count, known) for end, count in (("min", low), ("best", best), ("max", high))}


def as_lists(texts: pd.Series) -> pd.Series:
    """Split at semicolons; null stays null, empty text becomes an empty list."""
    codes, words = pd.factorize(texts)
    lists = pa.array([[part for part in str(word).split(";") if part] for word in words], pa.list_(pa.string()))
    taken = lists.take(pa.array(codes, mask=codes < 0))
    return pd.Series(pd.array(taken, dtype=schema.pandas_type(schema.COLUMN["caveats"])))
