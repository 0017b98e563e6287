"""The largest rate and the fewest servers, for times that are known in closed form."""

import math

import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.inverse import check_feasible, fewest_servers, largest_rate


@pytest.mark.parametrize("slo", [0.100001, 0.2, 5.0, 1e6])
def test_largest_rate_of_one_exponential_server(slo: float) -> None:
    """A mean of 1 / (10 - λ) keeps the objective up to λ = 10 - 1 / slo."""
    assert largest_rate(lambda rate: 1 / (10 - rate), 10, slo) == pytest.approx(10 - 1 / slo, rel=1e-10)


def test_the_time_at_the_largest_rate_is_the_objective() -> None:
    """Inverse and model undo each other."""

    def p99(rate: float) -> float:
        return math.log(100) / (37.5 - rate)

    assert p99(largest_rate(p99, 37.5, 0.3)) == pytest.approx(0.3, rel=1e-10)


def test_without_any_delay_the_limit_is_all() -> None:
    """A time that does not grow with the rate, even one of 0, allows all rates below the limit."""
    for time in (0.0, 0.1):
        assert largest_rate(lambda rate, time=time: time, 50, 0.2) == pytest.approx(50, rel=1e-9)


def test_objective_below_the_service_time_is_infeasible() -> None:
    """It is refused with both times, from 1e-9 above the objective on."""
    with pytest.raises(DomainError, match=r"already exceeds the SLO of 0.05 s \(0.1 s without any load\)"):
        largest_rate(lambda rate: 1 / (10 - rate), 10, 0.05)
    check_feasible(0.1, 0.1)


@pytest.mark.parametrize("load", [0.0, 0.5, 7.5, 1e5 + 0.5])
def test_fewest_servers_are_enough_and_one_less_is_not(load: float) -> None:
    """1 / (c - a) within a tenth takes a + 10 servers, rounded up."""
    assert fewest_servers(lambda servers: 1 / (servers - load), load, 0.1) == math.ceil(load + 10)


def test_unstable_numbers_of_servers_are_too_few() -> None:
    """What cannot be asked is no answer."""

    def time_with(servers: int) -> float:
        if servers < 40:
            raise Unstable(39.5, 1.0, servers)
        return 1.0

    assert fewest_servers(time_with, 0.0, 1.0) == 40


@pytest.mark.parametrize("load", [3.0, 1e7, 1e300])
def test_servers_beyond_all_numbers_are_refused(load: float) -> None:
    """An objective that no number of servers keeps ends the search, whatever the load."""
    with pytest.raises(DomainError, match=r"infeasible: not even 10000000 servers keep 0\.5"):
        fewest_servers(lambda servers: 1.0, load, 0.5)
