"""Series with a known truth, shared by the tests of this folder."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gamma, norm

MONTHS = pd.date_range("2008-01-01", periods=48, freq="MS")
DATE = MONTHS[24]


def simulated(
    rng: np.random.Generator, *, mean: float = 10, ratio: float = 1, k: float = 2, rho: float = 0.3, n: int = 48
) -> NDArray[np.int64]:
    """Seasonal counts (amplitude 0.5), negative binomial (k), serially correlated in the log rate, a step half way."""
    noise = rng.normal(size=n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    months = np.arange(n)
    rate = mean * np.exp(0.5 * np.sin(2 * np.pi * months / 12)) * np.where(months >= n // 2, ratio, 1)
    return rng.poisson(rate * gamma.ppf(norm.cdf(noise), k) / k)


def panel(counts: NDArray[np.int64] | list[int]) -> pd.DataFrame:
    """One row per month from January 2008."""
    months = pd.date_range("2008-01-01", periods=len(counts), freq="MS")
    return pd.DataFrame({"period": months, "incidents": counts})
