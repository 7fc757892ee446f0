"""Log-linear models of counts: one mean, several laws of scatter.

The mean is the exponential of a sum of terms, so every coefficient is the logarithm of a ratio. The family says how
counts scatter around it: as a multiple of the mean (quasi-Poisson), as the mean (Poisson), as mean plus a multiple of
its square (negative binomial), or equally everywhere (Gaussian, also with the exponential mean). The quasi-binomial
family is for one count beside another: its mean is a share of both together, and its coefficients are logarithms of
ratios of ratios. Where shares scatter more than chance allows, large periods say little more than small ones; they are
weighted down as Williams (1982) does.

What it does not do: it knows nothing of time. Serial correlation is the business of `count_series`.
"""

import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from statsmodels.genmod import families

from civmap.analysis.period_words import counted
from civmap.analysis.reweighted import Reweighted, reweighted
from civmap.errors import AnalysisError
from civmap.language import listed, say

__all__ = ["FAMILIES", "CountFit", "NoFiniteFitError", "fit_counts", "no_scatter", "refit"]

Array = NDArray[np.float64]

FAMILIES = ("quasipoisson", "poisson", "negative_binomial", "gaussian", "quasibinomial")
NO_EVENTS_MEAN = 1e-6  # a fitted mean below this stands for a term that ran off to minus infinity
WILLIAMS_ROUNDS = 3  # shares and weights in turn; they settle after two
SPREADS = (1e-6, 20.0)  # multiples of the squared mean that a negative binomial may have


class NoFiniteFitError(AnalysisError):
    """A coefficient has no finite value: nothing was counted wherever its term alone applies."""


@dataclass(frozen=True)
class CountFit:
    """A log-linear model of counts, fitted.

    Parameters
    ----------
    outcome, means
        Observed and fitted counts, one per period.
    design
        Columns of the model, periods by coefficients.
    offset
        Logarithm of the exposure, 0 where there is none.
    coefficients
        On the log scale.
    dispersion
        Pearson chi-squared over degrees of freedom: variance over the family's own variance.
    name
        One of `FAMILIES`.
    law
        The family of statsmodels, with its parameters.
    trials
        For the quasi-binomial family: both counts together.
    prior
        For the quasi-binomial family: weight of each period beside its trials.
    """

    outcome: Array
    means: Array
    design: Array
    offset: Array
    coefficients: Array
    dispersion: float
    name: str = "quasipoisson"
    law: Any = field(default_factory=families.Poisson, compare=False)
    trials: Array | None = None
    prior: Array | float = 1.0

    @property
    def df(self) -> int:
        """Periods less coefficients."""
        return self.design.shape[0] - self.design.shape[1]

    @property
    def total(self) -> Array:
        """What a share is multiplied by to make a count; 1 where the mean is a count already."""
        return np.ones(len(self.outcome)) if self.trials is None else self.trials

    @property
    def scale(self) -> float:
        """The multiple of the family's own variance that its own standard errors assume."""
        return 1.0 if self.name in ("poisson", "negative_binomial") else self.dispersion

    @property
    def base(self) -> Array:
        """What the exponential of a row of the design is multiplied by: the exposure, or the other count."""
        return np.exp(self.offset) * (1.0 if self.trials is None else self.trials - self.outcome)

    @property
    def response(self) -> Array:
        """Working response of the converged fit, without the offset."""
        return self.design @ self.coefficients + (self.outcome - self.means) / self._rise_at(self.means)

    def mean_of(self, columns: Array) -> Array:
        """Give the means of other columns, one row per period, at the fitted coefficients."""
        return self.total * self.law.link.inverse(self.offset + columns @ self.coefficients)

    def shifted(self, means: Array, shift: Array) -> Array:
        """Give the means after adding to the linear predictor; one row per row of the shift."""
        return self.total * self.law.link.inverse(self.law.link(means / self.total) + shift)

    def weights_at(self, means: Array) -> Array:
        """Give the working weights at other means than those fitted."""
        return self.prior * self.total * self.law.weights(means / self.total)

    def scatter_at(self, means: Array) -> Array:
        """Give the expected variance of the working response times its squared weight, at other means.

        What a quasi-Poisson series shows beyond the Poisson law is taken as clustering: variance as mean plus a
        multiple of the squared mean, with the multiple that the dispersion implies around the fitted means.
        """
        if self.name in ("quasipoisson", "poisson"):
            clustering = max(self.dispersion - 1, 0) / self.means.mean()
            variance = means * (min(self.dispersion, 1) + clustering * means)
        else:
            variance = self.dispersion * self.total * self.law.variance(means / self.total) / self.prior
        return variance * (self.weights_at(means) / self._rise_at(means)) ** 2

    def _rise_at(self, means: Array) -> Array:
        """Rise of the mean per unit of the linear predictor."""
        return self.total / self.law.link.deriv(means / self.total)


def fit_counts(
    outcome: ArrayLike,
    design: ArrayLike,
    *,
    offset: ArrayLike | None = None,
    family: str = "quasipoisson",
    trials: ArrayLike | None = None,
) -> CountFit:
    """Fit a log-linear mean to counts.

    The estimates of quasi-Poisson and Poisson are the same; they differ in their standard errors. The spread of the
    negative binomial is the one of greatest likelihood.

    Parameters
    ----------
    outcome
        Counts, one per period.
    design
        Columns of the model without linear dependence, an intercept among them.
    offset
        Logarithm of the exposure.
    family
        One of `FAMILIES`.
    trials
        For the quasi-binomial family: the count and the one beside it, together; above 0.

    Returns
    -------
    CountFit
        The fitted means, coefficients and dispersion.

    Raises
    ------
    AnalysisError
        With fewer than three periods more than coefficients.
    NoFiniteFitError
        When nothing was counted wherever some term alone applies.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., chapters 6 and 9; Lawless JF (1987). Negative
    binomial and mixed Poisson regression. Can J Stat 15, 209-225; Williams DA (1982). Extra-binomial variation in
    logistic linear models. Applied Statistics 31, 144-148 (model II).

    Examples
    --------
    >>> fit = fit_counts([4, 6, 12, 8, 10], [[1], [1], [1], [1], [1]])
    >>> fit.means.round(1).tolist(), round(fit.dispersion, 2)
    ([8.0, 8.0, 8.0, 8.0, 8.0], 1.25)
    """
    y, columns = np.asarray(outcome, dtype=float), np.asarray(design, dtype=float)
    if np.ptp(y) == 0:
        raise no_scatter()
    log_exposure = np.zeros(len(y)) if offset is None else np.asarray(offset, dtype=float)
    both = None if trials is None else np.asarray(trials, dtype=float)
    if len(y) - columns.shape[1] < 3:
        raise AnalysisError(
            say("The series is too short for this model."),
            found=say("{periods} for {coefficients} coefficients", periods=counted(len(y), "period"),
                      coefficients=columns.shape[1]),
            expected=say("at least {n} periods", n=columns.shape[1] + 3),
            next_step=say("Take a longer window, fewer harmonics, or fewer other events."),
        )  # fmt: skip
    law = _law(family)
    result = _fitted(y, columns, log_exposure, families.Poisson() if law is None else law, both)
    if law is None:
        law = families.NegativeBinomial(alpha=_spread(y, columns, log_exposure, result))
        result = _fitted(y, columns, log_exposure, law, both, near=result.params)
    if both is None:
        return CountFit(y, result.mu, columns, log_exposure, result.params, float(result.scale), family, law)
    prior = np.ones(len(y))
    for _ in range(WILLIAMS_ROUNDS):
        prior = _williams(y, both, result.mu, len(y) - columns.shape[1])
        result = _fitted(y, columns, log_exposure, law, both, near=result.params, prior=prior)
    means, scale = result.mu * both, float(result.scale)
    return CountFit(y, means, columns, log_exposure, result.params, scale, family, law, both, prior)


def refit(fit: CountFit, design: Array) -> CountFit:
    """Fit the same counts with other columns and the same law of scatter."""
    result = _fitted(fit.outcome, design, fit.offset, fit.law, fit.trials, prior=fit.prior)
    return replace(
        fit,
        means=result.mu * fit.total,
        design=design,
        coefficients=result.params,
        dispersion=float(result.scale),
    )


def no_scatter() -> AnalysisError:
    """Say that counts without scatter cannot be judged."""
    return AnalysisError(
        say("The counts follow the model without any scatter, so nothing can be said about chance."),
        next_step=say("Check that these are counts, and take a longer window."),
    )


def _law(family: str) -> Any:
    """Find the family in statsmodels; None for the negative binomial, whose spread has to be found first."""
    if family not in FAMILIES:
        raise AnalysisError(
            say("{name}='{value}' is unknown.", name="family", value=family), expected=listed(FAMILIES, joined="or")
        )
    if family == "gaussian":
        return families.Gaussian(families.links.Log())
    if family == "quasibinomial":
        return families.Binomial()
    return None if family == "negative_binomial" else families.Poisson()


def _fitted(
    y: Array,
    columns: Array,
    offset: Array,
    law: Any,
    trials: Array | None,
    *,
    near: Array | None = None,
    prior: Array | float = 1.0,
) -> Reweighted:
    """Fit, and say in words where there is no finite answer."""
    share = y if trials is None else y / trials
    try:
        # a term that runs off to minus infinity and counts without scatter are judged by the means below
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weight = 1.0 if trials is None else prior * trials
            result = reweighted(share, columns, offset, law, near=near, prior=weight)
        if np.allclose(result.mu, share):
            raise no_scatter()
        settled = bool(result.converged and np.isfinite(result.params).all() and result.mu.min() > NO_EVENTS_MEAN)
    except (np.linalg.LinAlgError, ValueError):
        settled = False
    if settled and trials is not None:
        settled = bool(result.mu.max() < 1 - NO_EVENTS_MEAN)
    if not settled:
        raise NoFiniteFitError(
            say("The model has no finite answer: in some stretch of the series nothing was counted at all."),
            next_step=say("Take a wider area or more causes, a longer window, or leave out short events."),
        )
    return result


def _williams(y: Array, trials: Array, share: Array, df: int) -> Array:
    """Weigh the periods so that their shares scatter as much as their trials and one common extra scatter allow."""
    squares = (y - trials * share) ** 2 / (trials * share * (1 - share))

    def excess(extra: float) -> float:
        return float((squares / (1 + extra * (trials - 1))).sum() - df)

    if excess(0.0) <= 0:
        return np.ones(len(y))
    if excess(1.0) >= 0:
        return 1 / trials
    return 1 / (1 + brentq(excess, 0.0, 1.0) * (trials - 1))


def _spread(y: Array, columns: Array, offset: Array, start: Any) -> float:
    """Find the multiple of the squared mean that makes the counts likeliest."""

    def unlikeliness(log_spread: float) -> float:
        law = families.NegativeBinomial(alpha=float(np.exp(log_spread)))
        result = _fitted(y, columns, offset, law, None, near=start.params)
        return -float(law.loglike(y, result.mu))

    found = minimize_scalar(unlikeliness, bounds=np.log(SPREADS), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))
