"""The answers of a network's stations."""

import pytest

from capacity.errors import Unstable
from capacity.models.networks.stations import Delay, TwoMoment
from capacity.models.stations.queueing import MMc


def test_two_moments_of_one_are_mmc():
    """Exponential times: mean, chance and decay of the wait are those of M/M/c."""
    station, exact = TwoMoment(9, 2, 6), MMc(9, 2, 6)
    assert station.waiting_time == pytest.approx(exact.waiting_time)
    assert station.wait_probability == pytest.approx(exact.wait_probability)
    assert station.decay_rate == pytest.approx(3.0)


def test_pollaczek_and_khinchine():
    """M/G/1 is exact: W_q = ρ (1 + cs²) / (2 (μ - λ))."""
    assert TwoMoment(4, 5, 1, 1.0, 3.0).waiting_time == pytest.approx(0.8 * 4 / 2)


def test_an_idle_station_keeps_nobody_waiting():
    """Without arrivals there is no wait."""
    station = TwoMoment(0, 5, 2, 1.0, 3.0)
    assert station.waiting_time == station.wait_probability == station.concurrency == 0


def test_a_delay_answers_like_a_station():
    """N = X R, no wait, nobody refused."""
    delay = Delay(20, 4)
    assert delay.concurrency == delay.throughput * delay.response_time == delay.utilization == 5
    assert delay.waiting_time == delay.queue_length == delay.blocking_probability == 0


def test_saturation_is_refused():
    """As everywhere."""
    with pytest.raises(Unstable):
        TwoMoment(10, 5, 2)
