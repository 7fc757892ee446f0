"""How two groups moved before the date: the picture for the eye, and their drift apart as a number."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from civmap.analysis.count_fit import NoFiniteFitError, fit_counts
from civmap.analysis.count_panel import Series
from civmap.analysis.count_series import ar1_estimates
from civmap.analysis.effects import RateRatio
from civmap.analysis.segmented_model import ratios

__all__ = ["drift_before", "picture"]

Array = NDArray[np.float64]

MIN_DRIFT = 8  # periods before the date, below which no drift is looked for


def picture(
    periods: pd.DatetimeIndex, counts: dict[str, Array], pair: Series, after: NDArray[np.bool_], alpha: float
) -> pd.DataFrame:
    """Give the ratio of the two per period relative to before, with the scatter that it had before."""
    frame = pd.DataFrame({"period": periods, **counts})
    shown = frame["period"].isin(pair.starts).to_numpy()
    before = ~after[shown]
    ours, theirs = pair.counts, np.asarray(pair.trials) - pair.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(ours / theirs) - pair.offset
        level = np.log(ours[before].sum() / (theirs * np.exp(pair.offset))[before].sum())
        spread = np.sqrt(1 / ours + 1 / theirs)
        usual = np.isfinite(logs) & before
        dispersion = max(1.0, float(np.mean(((logs - level) / spread)[usual] ** 2))) if usual.any() else 1.0
        reach = student.ppf(1 - alpha / 2, max(1, usual.sum() - 1)) * np.sqrt(dispersion) * spread
        values = {"ratio": logs - level, "low": logs - level - reach, "high": logs - level + reach}
    for name, part in values.items():
        column = np.full(len(frame), np.nan)
        column[shown] = np.where(np.isfinite(part), np.exp(part), np.nan)
        frame[name] = column
    return frame


def drift_before(pair: Series, after: NDArray[np.bool_], confidence: float) -> RateRatio | None:
    """Say how the ratio of the two moved per year before the date."""
    start = pair.place[0] + int(np.argmax(after))
    before = pair.keep(np.asarray(pair.place < start, dtype=bool))
    if len(before.place) < MIN_DRIFT:
        return None
    years = (before.place - before.place.mean()) / before.per_year
    design = np.column_stack([np.ones(len(years)), years])
    try:
        fit = fit_counts(before.counts, design, offset=before.offset, family="quasibinomial", trials=before.trials)
    except NoFiniteFitError:
        return None
    return ratios(ar1_estimates(fit, times=before.place), [1], confidence)[0]
