"""Monthly counts with known truth: season, clustering, serial correlation, a step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gamma, norm

START = pd.Timestamp("2008-01-01")


def frailty(rng: np.random.Generator, size: tuple[int, ...], *, k: float, rho: float) -> NDArray[np.float64]:
    """Gamma factors with mean 1 and variance 1/k, serially correlated in months (last axis)."""
    noise = rng.normal(size=size)
    for month in range(1, size[-1]):
        noise[..., month] = rho * noise[..., month - 1] + np.sqrt(1 - rho**2) * noise[..., month]
    return gamma.ppf(norm.cdf(noise), k) / k


def rates(
    rng: np.random.Generator,
    series: int,
    *,
    mean: float,
    ratio: float = 1,
    k: float = 2,
    rho: float = 0.3,
    before: int = 24,
    after: int = 24,
    units: int | None = None,
) -> NDArray[np.float64]:
    """Rates per month, seasonal with amplitude 0.5, with a step after ``before`` months."""
    months = np.arange(before + after)
    usual = mean * np.exp(0.5 * np.sin(2 * np.pi * months / 12)) * np.where(months >= before, ratio, 1)
    size = (series, len(months)) if units is None else (series, units, len(months))
    return usual * frailty(rng, size, k=k, rho=rho)


def counts(rng: np.random.Generator, series: int, **options: float) -> NDArray[np.int64]:
    """Draw counts around `rates`: negative binomial in each month."""
    return rng.poisson(rates(rng, series, **options))


def months(number: int) -> pd.DatetimeIndex:
    """Months from January 2008."""
    return pd.date_range(START, periods=number, freq="MS")


def panel(**columns: NDArray[np.int64]) -> pd.DataFrame:
    """One row per month from January 2008."""
    length = len(next(iter(columns.values())))
    return pd.DataFrame({"period": months(length), **columns})


def unit_panel(counts: NDArray[np.int64]) -> pd.DataFrame:
    """One row per province and month."""
    provinces, length = counts.shape
    names = [f"P{number:02}" for number in range(provinces)]
    return pd.DataFrame(
        {
            "period": np.tile(months(length), provinces),
            "admin1": np.repeat(names, length),
            "incidents": counts.ravel(),
        }
    )
