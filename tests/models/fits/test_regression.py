"""The least-squares fit, and the points it refuses."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.fits.regression import design_of, t_quantile
from capacity.models.scalability import Amdahl, Linear, Usl

LEVELS = np.array([1.0, 2, 4, 8, 16, 32, 64])
WOBBLE = np.array([1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99])
NOISY = Usl(300, 0.03, 0.0005).throughput_at(LEVELS) * WOBBLE

REFUSED = {
    "two points": ([1, 2], [300, 570], r"USL has 3 parameters and needs at least 6 .*got 2 \(1, 2\)"),
    "five levels": (LEVELS[:5], NOISY[:5], "needs at least 6 distinct"),
    "equal levels": ([8] * 9, np.linspace(400, 410, 9), r"got 1 \(8\) in 9 points"),
    "replicates of three levels": ([1, 2, 4] * 4, np.tile([300.0, 570, 1040], 4), "got 3"),
    "perfect line": (LEVELS, 300 * LEVELS, "all 7 points lie exactly on the law: no scatter, no interval"),
    "perfect law": (LEVELS, Usl(300, 0.03, 0.0005).throughput_at(LEVELS), "lie exactly on the law"),
    "constant throughput": (LEVELS, [500.0] * 7, r"throughput does not grow .* 1 to 64 \(about 500 req/s\)"),
    "saturated throughout": (LEVELS, 500 * WOBBLE, "service or generator was saturated throughout"),
    "falling throughput": (LEVELS, NOISY / LEVELS**1.5, "throughput falls from the first level on"),
    "noise": (LEVELS[:6], NOISY[:6] * [1.5, 0.6, 1.4, 0.5, 1.4, 0.9], "contention .* is uncertain by"),
    "crowded levels": (8 + np.arange(7) * 1e-9, NOISY, "lie too close together"),
}  # fmt: skip
UNUSABLE = {
    "missing value": (
        LEVELS,
        [*NOISY[:6], np.nan],
        "1 of 7 values of throughput are not usable, such as nan",
    ),
    "zero throughput": (LEVELS, [0.0, *NOISY[1:]], "such as 0; give finite numbers above 0"),
    "wrong unit": (LEVELS, NOISY * 1e300, "check the unit"),
    "negative concurrency": (-LEVELS, NOISY, "7 of 7 values of concurrency"),
    "lengths differ": (LEVELS, NOISY[:6], r"throughput has shape \(6,\); give one value per point \(7\)"),
}


@pytest.mark.parametrize("design", REFUSED)
def test_points_that_do_not_determine_the_law_are_refused(design):
    """Each degenerate design is refused with the reason and what would help."""
    concurrency, throughput, message = REFUSED[design]
    with pytest.raises(NotIdentified, match=message):
        Usl.fit(concurrency, throughput)


@pytest.mark.parametrize("design", UNUSABLE)
def test_values_that_are_no_measurements_are_refused(design):
    """Missing, zero, negative and absurd values are named with their count."""
    concurrency, throughput, message = UNUSABLE[design]
    with pytest.raises(DomainError, match=message):
        Usl.fit(concurrency, throughput)


def test_unknown_noise_model_is_refused():
    """The message lists the known ones."""
    with pytest.raises(DomainError, match="noise 'log' is not known; it is one of relative, absolute"):
        Usl.fit(LEVELS, NOISY, noise="log")


def test_confidence_is_a_fraction():
    """90 is not a level."""
    with pytest.raises(DomainError, match="level 90 does not lie between 0 and 1"):
        Usl.fit(LEVELS, NOISY, level=90)


@pytest.mark.parametrize("noise", ["relative", "absolute"])
def test_gradient_vanishes_at_the_fit(noise):
    """An interior fit is a stationary point: residuals are orthogonal to their slopes."""
    fit = Usl.fit(LEVELS, NOISY, noise=noise)
    law = fit.law
    response = law.response_time_at(LEVELS)
    if noise == "relative":
        residuals, slopes = np.log(NOISY * response / LEVELS), 1 / response
    else:
        residuals, slopes = NOISY - LEVELS / response, LEVELS / response**2
    gradient = design_of(LEVELS, 3).T @ (residuals * slopes)
    size = np.abs(design_of(LEVELS, 3)).T @ np.abs(residuals * slopes)
    assert (np.abs(gradient) < 1e-6 * size).all()


def test_linear_relative_fit_is_the_geometric_mean():
    """One parameter, log residuals: the geometric mean of X / N, with the t interval of its logarithm."""
    fit = Linear.fit(LEVELS, 300 * LEVELS * WOBBLE)
    assert fit.law.unit_throughput == pytest.approx(300 * np.exp(np.log(WOBBLE).mean()), rel=1e-12)
    error = np.log(WOBBLE).std(ddof=1) / np.sqrt(7)
    assert fit.standard_errors["unit_throughput"] == pytest.approx(fit.law.unit_throughput * error, rel=1e-9)


def test_unit_of_time_does_not_matter():
    """Throughput per minute gives the same costs and 60 times the unit throughput."""
    per_second, per_minute = Usl.fit(LEVELS, NOISY), Usl.fit(LEVELS, 60 * NOISY)
    assert per_minute.law.contention == pytest.approx(per_second.law.contention, rel=1e-6)
    assert per_minute.law.unit_throughput == pytest.approx(60 * per_second.law.unit_throughput, rel=1e-6)


def test_order_of_the_points_does_not_matter():
    """Permuted points give the same fit."""
    order = [3, 0, 6, 2, 5, 1, 4]
    assert Usl.fit(LEVELS[order], NOISY[order]).law.coherency == pytest.approx(
        Usl.fit(LEVELS, NOISY).law.coherency, rel=1e-6
    )


def test_costs_never_go_below_zero():
    """Growth steeper than a line puts contention on its bound and is noted, not silently clamped."""
    fit = Amdahl.fit(LEVELS, 10 * LEVELS**1.2 * WOBBLE)
    assert fit.law.contention == 0
    assert fit.at_bound == ("contention",)
    assert any("faster than in proportion" in note for note in fit.notes)


def test_known_errors_carry_two_instance_counts():
    """Two levels with standard errors determine Amdahl's law; without them they are refused."""
    fit = Amdahl.fit([1, 2], [300, 570], throughput_error=[3, 6])
    assert fit.law.throughput_at(2.0) == pytest.approx(570)
    assert fit.law.contention == pytest.approx(2 * 300 / 570 - 1)
    with pytest.raises(NotIdentified, match="needs at least 3 distinct concurrency levels; got 2"):
        Amdahl.fit([1, 2], [300, 570])


def test_known_errors_propagate_as_computed_by_hand():
    """X1 and X2 with relative errors e1, e2: contention 2 X1/X2 - 1 has error (2 X1/X2) sqrt(e1² + e2²)."""
    fit = Amdahl.fit([1, 2], [300, 570], throughput_error=[3, 5.7])
    assert fit.standard_errors["contention"] == pytest.approx(600 / 570 * np.hypot(0.01, 0.01), rel=1e-6)
    reach = fit.contention.high - fit.contention.value
    assert reach == pytest.approx(1.6448536 * fit.standard_errors["contention"], rel=1e-6)


def test_scatter_beyond_the_errors_widens_the_intervals():
    """Errors that are ten times too small are found out, and said."""
    honest = Amdahl.fit(LEVELS, NOISY, throughput_error=0.05 * NOISY)
    boastful = Amdahl.fit(LEVELS, NOISY, throughput_error=0.001 * NOISY)
    assert "scatter more than their errors say" in boastful.text
    assert boastful.standard_errors["contention"] > 0.2 * honest.standard_errors["contention"]


def test_t_quantile_of_known_errors_is_normal():
    """1.645 with infinitely many degrees of freedom, 2.353 with three."""
    assert t_quantile(np.inf, 0.9) == pytest.approx(1.6448536, rel=1e-7)
    assert t_quantile(3, 0.9) == pytest.approx(2.3533634, rel=1e-7)
