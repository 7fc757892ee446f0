"""The count regression against statsmodels, against plain formulas, and in its limits."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import t as student

from civmap.analysis.count_series import RHO_GRID, ar1_estimates, fit_counts, model_estimates
from civmap.analysis.reweighted import reweighted
from civmap.errors import AnalysisError

N = 36
TIMES = np.arange(N)
DESIGN = np.column_stack([np.ones(N), (TIMES - 17.5) / 12, TIMES >= 20])
COUNTS = np.random.default_rng(11).negative_binomial(3, 0.2, N)
OFFSET = np.log(np.linspace(50, 80, N))


def plain_ar1(times, rho):
    """Spell the rule out with full matrices, one rho at a time."""
    glm = sm.GLM(COUNTS, DESIGN, family=sm.families.Poisson(), offset=OFFSET).fit()
    mu, k = glm.mu, DESIGN.shape[1]
    xs = np.sqrt(mu)[:, None] * DESIGN
    zs = np.sqrt(mu) * (np.log(mu) - OFFSET + (COUNTS - mu) / mu)
    correlation = rho ** np.abs(np.subtract.outer(times, times)).astype(float)
    inverse = np.linalg.inv(correlation)
    information = xs.T @ inverse @ xs
    beta = np.linalg.solve(information, xs.T @ inverse @ zs)
    residual = zs - xs @ beta
    rss = residual @ inverse @ residual
    errors = np.sqrt(rss / (N - k) * np.diag(np.linalg.inv(information)))
    logs = np.linalg.slogdet(correlation)[1] + np.linalg.slogdet(information)[1] + (N - k) * np.log(rss)
    return beta, errors, -logs / 2


def test_fit_equals_statsmodels_formula():
    frame = pd.DataFrame({"y": COUNTS, "trend": DESIGN[:, 1], "step": DESIGN[:, 2]})
    glm = smf.glm("y ~ trend + step", frame, family=sm.families.Poisson(), offset=OFFSET).fit(scale="X2")
    fit = fit_counts(COUNTS, DESIGN, offset=OFFSET)
    np.testing.assert_allclose(fit.coefficients, glm.params, rtol=1e-6)
    assert fit.dispersion == pytest.approx(glm.scale, rel=1e-6)
    found = model_estimates(fit).infer(np.eye(3))
    np.testing.assert_allclose(found.p, glm.pvalues, rtol=1e-5)  # normal tails, as there
    np.testing.assert_allclose(np.column_stack([found.low, found.high]), glm.conf_int(), rtol=1e-5)


@pytest.mark.parametrize(
    "law",
    [sm.families.Poisson(), sm.families.NegativeBinomial(alpha=0.5), sm.families.Gaussian(sm.families.links.Log()),
     sm.families.Binomial()],
    ids=lambda law: type(law).__name__,
)  # fmt: skip
def test_the_steps_are_those_of_statsmodels(law):
    trials = COUNTS + 9.0 if isinstance(law, sm.families.Binomial) else np.ones(N)
    share, prior = COUNTS / trials, trials
    glm = sm.GLM(share, DESIGN, family=law, offset=OFFSET / 9, var_weights=prior).fit(scale="X2", tol=1e-10)
    found = reweighted(share, DESIGN, OFFSET / 9, law, prior=prior)
    assert found.converged and glm.converged
    np.testing.assert_allclose(found.mu, glm.mu, rtol=1e-12)
    np.testing.assert_allclose(found.params, glm.params, rtol=1e-10)
    assert found.scale == pytest.approx(glm.scale, rel=1e-12)


def test_model_errors_without_dispersion_are_those_of_a_poisson_regression():
    glm = sm.GLM(COUNTS, DESIGN, family=sm.families.Poisson(), offset=OFFSET).fit()
    found = model_estimates(fit_counts(COUNTS, DESIGN, offset=OFFSET), dispersed=False).infer(np.eye(3))
    np.testing.assert_allclose(np.column_stack([found.low, found.high]), glm.conf_int(), rtol=1e-5)


@pytest.mark.parametrize("gap", [0, 5])
def test_ar1_equals_the_rule_with_full_matrices(gap):
    times = TIMES + np.where(TIMES >= 12, gap, 0)
    estimates = ar1_estimates(fit_counts(COUNTS, DESIGN, offset=OFFSET), times=times)
    betas, errors, logs = map(np.array, zip(*(plain_ar1(times, rho) for rho in RHO_GRID), strict=True))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    np.testing.assert_allclose(estimates.coefficients, betas, rtol=1e-6)
    np.testing.assert_allclose(estimates.weights, weights, rtol=1e-6)
    found = estimates.infer([0, 0, 1])
    assert found.value[0] == pytest.approx(weights @ betas[:, 2])
    p = weights @ (2 * student.sf(np.abs(betas[:, 2]) / errors[:, 2], N - 3))
    assert found.p[0] == pytest.approx(p)
    assert estimates.test([0, 0, 1]) == (pytest.approx(found.value[0]), pytest.approx(p))
    for limit in (found.low[0], found.high[0]):  # on the limits the same p is 5 %
        assert weights @ (2 * student.sf(np.abs(betas[:, 2] - limit) / errors[:, 2], N - 3)) == pytest.approx(0.05)


def test_a_single_rho_of_zero_has_the_standard_errors_of_the_model():
    fit = fit_counts(COUNTS, DESIGN, offset=OFFSET)
    one = ar1_estimates(fit, rho=[0.0])
    np.testing.assert_allclose(one.covariances, model_estimates(fit).covariances, rtol=1e-6)
    np.testing.assert_allclose(one.coefficients[0], fit.coefficients, rtol=1e-6)


def test_p_and_interval_never_contradict_each_other():
    rng = np.random.default_rng(3)
    for _ in range(40):
        estimates = ar1_estimates(fit_counts(rng.negative_binomial(2, 0.2, N), DESIGN))
        for confidence in (0.5, 0.8, 0.95):
            found = estimates.infer(np.eye(3), confidence=confidence)
            outside = (found.low > 0) | (found.high < 0)
            np.testing.assert_array_equal(found.p < 1 - confidence, outside)
            assert ((found.low < found.value) & (found.value < found.high)).all()


def test_correlated_series_gets_a_high_rho_and_a_wider_interval():
    noise = np.zeros(96)
    rng = np.random.default_rng(5)
    for i in range(1, 96):
        noise[i] = 0.8 * noise[i - 1] + rng.normal(scale=0.4)
    fit = fit_counts(rng.poisson(40 * np.exp(noise)), np.column_stack([np.ones(96), np.arange(96) >= 48]))
    estimates = ar1_estimates(fit)
    wide, narrow = estimates.infer([0, 1]), model_estimates(fit).infer([0, 1])
    assert estimates.mean_rho > 0.5
    assert wide.high[0] - wide.low[0] > 1.5 * (narrow.high[0] - narrow.low[0])


def test_detectable_effect_has_the_power_that_it_names():
    estimates = ar1_estimates(fit_counts(COUNTS, DESIGN), rho=[0.0])
    error = np.array([0.2])
    effect = estimates.detectable(error)
    draws = effect + 0.2 * student.rvs(N - 3, size=200_000, random_state=1)
    assert np.mean(draws / 0.2 > student.ppf(0.975, N - 3)) == pytest.approx(0.8, abs=0.005)


def test_too_few_periods_and_silent_stretches_are_refused_in_words():
    with pytest.raises(AnalysisError, match="too short for this model"):
        fit_counts([3, 4, 5, 6], DESIGN[:4, :2])
    with pytest.raises(AnalysisError, match="no finite answer"):
        fit_counts(np.where(TIMES >= 20, 0, 5 + TIMES % 2), DESIGN)
    with pytest.raises(AnalysisError, match="without any scatter"):
        fit_counts(np.full(10, 7), np.ones((10, 1)))
    exact = np.exp2(np.arange(10))
    with pytest.raises(AnalysisError, match="without any scatter"):
        ar1_estimates(fit_counts(exact, np.column_stack([np.ones(10), np.arange(10)])))
