"""Numbers present and the times of those who come first."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from capacity.errors import DomainError
from capacity.models.stations.birthdeath import FirstCome, largest, most, stationary


def test_a_geometric_number_present():
    """Equal ratios give a geometric law, whichever end is the likely one."""
    assert stationary(np.full(3, 0.5)) == pytest.approx(np.array([8, 4, 2, 1]) / 15)
    assert stationary(np.full(3, 2.0)) == pytest.approx(np.array([1, 2, 4, 8]) / 15)


def test_far_from_the_likely_numbers_nothing_overflows():
    """Ten thousand present on average: the ends underflow to zero, the middle is Poisson's."""
    found = stationary(1e4 / np.arange(1, 20_001))
    assert found[0] == 0.0
    assert found[10_000] == pytest.approx(1 / math.sqrt(2 * math.pi * 1e4), rel=1e-4)


def test_largest_and_most_are_edges():
    """The last number for which the condition holds."""
    assert largest(lambda x: x <= 12.5, start=1.0) == 12.5
    assert [most(lambda n, last=last: n <= last) for last in (0, 1, 2, 3, 100)] == [0, 1, 2, 3, 100]


def test_a_condition_that_never_ends_is_refused():
    """The message names the limit."""
    with pytest.raises(DomainError, match="kept up to 1000 and more"):
        most(lambda n: True, limit=1000)


def test_behind_one_request_it_takes_both():
    """One departure at rate 2, then a service at rate 1: P(T > t) = 2 exp(-t) - exp(-2t)."""
    times = FirstCome(np.array([0.0, 1.0]), departure_rate=2.0, service_rate=1.0)
    assert times.waiting_time_survival(0.7) == pytest.approx(math.exp(-1.4), rel=1e-14)
    assert times.response_time_survival(0.7) == pytest.approx(2 * math.exp(-0.7) - math.exp(-1.4), rel=1e-14)


def test_impatience_of_those_ahead_speeds_up_their_leaving():
    """Two ahead leave at 2 + 3, then 2: the sum of two exponentials; impatience near zero changes nothing."""
    times = FirstCome(np.array([0.0, 0.0, 1.0]), 2.0, 1.0, abandonment_rate=3.0)
    assert times.waiting_time == pytest.approx(1 / 5 + 1 / 2)
    expected = (5 * math.exp(-2 * 0.4) - 2 * math.exp(-5 * 0.4)) / 3
    assert times.waiting_time_survival(0.4) == pytest.approx(expected, rel=1e-13)
    patient, all_but = (FirstCome(np.full(9, 1 / 9), 2.0, 1.0, rate) for rate in (0.0, 1e-9))
    assert all_but.response_time_survival(1.0) == pytest.approx(patient.response_time_survival(1.0), rel=1e-7)


@pytest.mark.parametrize("impatience", [0.0, 0.01, 4.0])
@pytest.mark.parametrize(("servers", "ahead"), [(1, 400), (2, 3000), (50, 60), (3, 1)])
def test_response_is_the_wait_and_a_service(servers, ahead, impatience):
    """P(T > t) is the integral of the wait's survival against the service density, for any length of the queue."""
    rate = servers + impatience
    times = FirstCome(np.full(ahead + 1, 1 / (ahead + 1)), rate, 1.0, impatience)
    t = times.response_time_quantile(0.9)
    edges = np.linspace(0, t, 12)
    later = sum(
        quad(lambda s: math.exp(s - t) * times.waiting_time_survival(s), low, high)[0]
        for low, high in pairwise(edges)
    )
    assert math.exp(-t) + later == pytest.approx(0.1, rel=1e-8)
