"""Fitting an open test, and the steps that are refused, each with the loads that would help."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.scalability import Amdahl, Linear, Usl

LAW = Usl(1000, 0.03, 0.0005)
LOADS = np.linspace(0.1, 0.95, 9) * LAW.peak_throughput
WOBBLE = np.array([1.01, 0.98, 1.02, 0.99, 1.0, 1.02, 0.97, 1.01, 1.0])


def times_of(law, loads):
    """Mean response time at each load. [s]"""
    return np.array([law.concurrency_at(load) / load for load in loads])


TIMES = times_of(LAW, LOADS) * WOBBLE
REFUSED = {
    "no points": ([], [], "no points; test several loads below saturation"),
    "two points": (LOADS[:2], TIMES[:2], r"needs at least 6 distinct load levels; got 2 .* such as \d"),
    "three points": (LOADS[:3], TIMES[:3], "got 3 .* test loads such as"),
    "five levels": (LOADS[:5], TIMES[:5], "got 5 .* test loads such as"),
    "equal loads": (np.full(9, 500.0), TIMES, "got 1 .* test loads such as"),
    "equal but for noise": (500 + np.arange(9.0), TIMES, "got 1 .* test loads such as"),
    "replicates of three": (np.tile(LOADS[:3], 3), TIMES, "got 3 .* in 9 points"),
    "levels 1, 2, 4": (np.tile([990.0, 1900, 3600], 3), TIMES, "got 3"),
    "perfect law": (LOADS, times_of(LAW, LOADS), "lie exactly on the law: no scatter, no interval"),
    "perfect line": (LOADS, np.full(9, 0.01), "lie exactly on the law"),
    "constant throughput": (500 * 1.022 ** np.arange(9), TIMES, "about constant .* saturated throughout; test"),
    "falling throughput": (LOADS[::-1], 10 * np.arange(1.0, 10) ** 2, "falls from the first level on.*test loads"),
    "hardly any concurrency": (LOADS, TIMES / 100, "at most .* requests were in the system.*test loads"),
}  # fmt: skip
UNUSABLE = {
    "all missing": (np.full(9, np.nan), TIMES, "9 of 9 values of throughput are not usable, such as nan"),
    "a missing time": (LOADS, [*TIMES[:8], np.nan], "1 of 9 values of response_time"),
    "absurd": (LOADS * 1e300, TIMES, "check the unit"),
    "lengths differ": (LOADS, TIMES[:8], r"response_time has shape \(8,\); give one value per point \(9\)"),
}


@pytest.mark.parametrize("design", REFUSED)
def test_steps_that_do_not_determine_the_law_are_refused(design):
    """Each degenerate design is refused with the reason and loads that would help."""
    throughput, response_time, message = REFUSED[design]
    with pytest.raises(NotIdentified, match=message):
        Usl.fit_open(throughput, response_time)


@pytest.mark.parametrize("design", UNUSABLE)
def test_values_that_are_no_measurements_are_refused(design):
    """Missing and absurd values are named with their count."""
    throughput, response_time, message = UNUSABLE[design]
    with pytest.raises(DomainError, match=message):
        Usl.fit_open(throughput, response_time)


def test_unknown_noise_model_is_refused():
    """The message lists the known ones."""
    with pytest.raises(
        DomainError, match="'log' is not known; it is one of relative, absolute, queueing, auto"
    ):
        Usl.fit_open(LOADS, TIMES, noise="log")


@pytest.mark.parametrize("noise", ["relative", "absolute", "queueing"])
def test_law_is_found_again(noise):
    """With next to no noise the fit is the law that made the points, under any error model."""
    law = Usl.fit_open(LOADS, times_of(LAW, LOADS) * (1 + 1e-5 * (WOBBLE - 1)), noise=noise).law
    assert law.contention == pytest.approx(0.03, rel=1e-3)
    assert law.coherency == pytest.approx(0.0005, rel=1e-3)


def test_single_server_is_amdahl():
    """R = S / (1 - X S) of an M/M/1 station: contention 1/2, limit 1 / S."""
    rates = np.array([20.0, 40, 60, 80, 90])
    fit = Amdahl.fit_open(rates, 0.01 / (1 - 0.01 * rates) * WOBBLE[:5] ** 0.1)
    assert fit.law.contention == pytest.approx(0.5, abs=0.01)
    assert fit.peak_throughput.low < 100 < fit.peak_throughput.high


def test_linear_is_the_geometric_mean():
    """One parameter, log residuals: 1 / γ is the geometric mean of the times."""
    fit = Linear.fit_open(LOADS, 0.01 * WOBBLE, noise="relative")
    assert 1 / fit.law.unit_throughput == pytest.approx(0.01 * np.exp(np.log(WOBBLE).mean()))


def test_falling_response_time_is_noted():
    """Cold first steps are said, not fitted away."""
    fit = Amdahl.fit_open(LOADS, 0.01 * (1 - np.linspace(0, 0.4, 9)) * WOBBLE)
    assert any("falls as the load grows" in note for note in fit.notes)


def test_known_errors_carry_two_loads():
    """Two loads with standard errors determine Amdahl's law; the interval comes from the errors."""
    fit = Amdahl.fit_open([50, 90], [0.02, 0.1], response_time_error=[0.0004, 0.002])
    assert fit.law.peak_throughput == pytest.approx(100)
    wide = Amdahl.fit_open([50, 90], [0.02, 0.1], response_time_error=[0.0008, 0.004])
    assert wide.contention.high - wide.contention.low > 1.8 * (fit.contention.high - fit.contention.low)


def test_covariance_is_that_of_the_line():
    """The line's covariance agrees with the interval of the contour where noise is small."""
    fit = Usl.fit_open(LOADS, times_of(LAW, LOADS) * WOBBLE**0.1, noise="relative")
    reach = fit._t * fit.standard_errors["contention"]
    assert fit.contention.high - fit.contention.value == pytest.approx(reach, rel=0.05)
