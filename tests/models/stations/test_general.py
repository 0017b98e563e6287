"""G/G/c: the method that fits, one shape of answers, inverse questions, refusals."""

import math

import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import (
    Constant,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    Pareto,
    of_moments,
)
from capacity.models.stations.constant import DMc, MDc
from capacity.models.stations.general import DDc, GGc
from capacity.models.stations.phasetype import PhaseType, of_three_moments
from capacity.models.stations.queueing import MMc


@pytest.mark.parametrize(
    ("arrival_scv", "service_scv", "servers", "method", "error"),
    [
        (1, 1, 8, "closed form", 0.0),
        (0, 0, 8, "closed form", 0.0),
        (1, 0, 8, "exact M/D/c (Franx 2001)", 0.0),
        (0, 1, 8, "exact D/M/c (embedded chain)", 0.0),
        (4, 4, 64, "exact PH/PH/c", 0.0),
        (0.5, 0.3, 8, "exact PH/PH/c", 0.0),
        (0, 4, 8, "exact D/PH/c", 0.0),
        (4, 0, 8, "PH/D/c by Erlang service, tail of constant service", 0.05),
        (4, 0, 65, "mean of Whitt 1993, tail of Abate, Choudhury and Whitt 1995", 0.07),
        (0.2, 4, 1000, "mean of Whitt 1993, tail of Abate, Choudhury and Whitt 1995", 0.07),
        (2, 0.05, 8, "mean of Whitt 1993, tail of Abate, Choudhury and Whitt 1995", 0.07),
    ],
)
def test_says_how_it_was_solved(arrival_scv, service_scv, servers, method, error):
    """Each station is solved by what fits it, and says by what and how far that may be off."""
    station = GGc(0.8 * servers, 1.0, servers, arrival_scv, service_scv)
    assert (station.method, station.error) == (method, error)


@pytest.mark.parametrize(
    ("scvs", "exact"), [((1, 1), MMc(5.6, 1.0, 8)), ((1, 0), MDc(5.6, 1.0, 8)), ((0, 1), DMc(5.6, 1.0, 8))]
)
def test_answers_are_those_of_the_station_behind(scvs, exact):
    """Every question goes to the station that solves it."""
    ours = GGc(5.6, 1.0, 8, *scvs)
    assert ours.waiting_time == exact.waiting_time
    assert ours.wait_probability == exact.wait_probability
    assert ours.waiting_time_survival(0.1) == exact.waiting_time_survival(0.1)
    assert ours.response_time_survival(1.1) == exact.response_time_survival(1.1)
    assert ours.waiting_time_quantile(0.95) == exact.waiting_time_quantile(0.95)
    assert ours.response_time_quantile(0.95) == exact.response_time_quantile(0.95)


def test_moments_stand_for_the_usual_laws():
    """Two variations and the laws of `of_moments` are one station; a third moment makes another."""
    by_moments = GGc(3.6, 1.0, 4, 4.0, 0.5)
    by_laws = GGc.of(of_moments(1 / 3.6, 4.0), of_moments(1.0, 0.5), 4)
    assert by_laws.response_time_quantile(0.99) == pytest.approx(by_moments.response_time_quantile(0.99))
    longer = GGc.of(of_three_moments(1 / 3.6, 4.0, third=100), of_moments(1.0, 0.5), 4)
    assert longer.response_time_quantile(0.99) < 0.9 * by_laws.response_time_quantile(0.99)


def test_a_law_may_be_phase_type():
    """Phases of one's own are taken as they are: M/PH/1 by Pollaczek and Khinchine."""
    cycle = PhaseType((0.5, 0.5), ((-3.0, 1.0), (2.0, -4.0)))
    station = GGc.of(Exponential(2 * cycle.mean), cycle, 1)
    assert station.utilization == pytest.approx(0.5)
    assert station.waiting_time == pytest.approx(cycle.mean * (1 + cycle.scv) / 2, rel=1e-10)


def test_nothing_waits_where_nothing_varies():
    """D/D/c: evenly spaced arrivals of constant work never wait below saturation."""
    station = GGc(11.9, 1.0, 12, 0.0, 0.0)
    assert station.waiting_time == station.wait_probability == station.waiting_time_quantile(0.99) == 0
    assert station.response_time_quantile(0.99) == pytest.approx(1.0)
    assert (station.response_time_survival(0.9), station.response_time_survival(1.1)) == (1.0, 0.0)
    assert DDc(1.0, 1.0, 2).waiting_time_survival(0.0) == 0.0


def test_littles_law_and_units():
    """N = λ R, and measuring time in milliseconds scales every time by a thousand."""
    seconds, milliseconds = GGc(250, 37.5, 8, 0.0, 2.0), GGc(0.25, 0.0375, 8, 0.0, 2.0)
    assert seconds.concurrency == pytest.approx(250 * seconds.response_time)
    assert milliseconds.response_time_quantile(0.95) == pytest.approx(
        1000 * seconds.response_time_quantile(0.95)
    )


@pytest.mark.parametrize("servers", [8, 700])
def test_more_variation_waits_longer(servers):
    """Waiting grows with the variability of arrivals and of service, whatever solves it."""
    waits = [
        GGc(0.95 * servers, 1.0, servers, ca, cs).waiting_time
        for ca, cs in [(0, 0), (0, 0.5), (0.5, 0.5), (1, 0.5), (1, 1), (1, 4), (3, 4)]
    ]
    assert waits == sorted(waits)


@pytest.mark.parametrize(("ca", "cs"), [(0, 4), (4, 0.5), (2, 2)])
def test_many_servers_hardly_wait(ca, cs):
    """100,000 servers at 0.99: no wait to speak of; the response time is the service time."""
    station = GGc(99_000.0, 1.0, 100_000, ca, cs)
    assert station.waiting_time < 1e-3
    alone = PhaseType.of(of_moments(1.0, cs)).quantile(0.99)
    assert station.response_time_quantile(0.99) == pytest.approx(alone, rel=1e-3)


@pytest.mark.parametrize(("ca", "cs", "servers"), [(4, 0.5, 4), (0, 4, 8), (4, 0, 3), (2, 4, 1000)])
def test_next_to_saturation(ca, cs, servers):
    """At 1 - 1e-9 the wait is exponential with mean (ca² + cs²) / (2 c μ (1 - ρ)) (Kingman)."""
    station = GGc(servers * (1 - 1e-9), 1.0, servers, ca, cs)
    mean = (ca + cs) / 2 / (servers * 1e-9)
    assert station.waiting_time == pytest.approx(mean, rel=1e-4)
    assert station.response_time_quantile(0.99) == pytest.approx(mean * math.log(100), rel=1e-4)


def test_the_largest_rate_and_the_fewest_servers():
    """At the rate found P95 is the objective; with one server less than found it is missed."""
    station = GGc(20.0, 5.0, 6, 4.0, 2.0)
    rate = station.max_arrival_rate(1.0, 0.95)
    assert GGc(rate, 5.0, 6, 4.0, 2.0).response_time_quantile(0.95) == pytest.approx(1.0, rel=1e-9)
    servers = station.servers_for(1.0, 0.95)
    assert GGc(20.0, 5.0, servers, 4.0, 2.0).response_time_quantile(0.95) <= 1.0
    assert GGc(20.0, 5.0, servers - 1, 4.0, 2.0).response_time_quantile(0.95) > 1.0


def test_the_largest_rate_of_given_laws():
    """Laws keep their shape when the rate changes; evenly spaced arrivals too, down to hardly any load."""
    station = GGc.of(Constant(0.1), Hyperexponential.balanced(0.5, 4.0), 8)
    rate = station.max_arrival_rate(1.2)
    assert GGc(rate, 2.0, 8, 0.0, 4.0).response_time == pytest.approx(1.2, rel=1e-9)


@pytest.mark.parametrize("law", [Lognormal(0.5, 4.0), Pareto(0.5, 1.8)])
@pytest.mark.parametrize("place", ["between", "service"])
def test_refuses_heavy_tails(law, place):
    """A tail without decay rate is for the simulation."""
    laws = {"between": Exponential(1.0), "service": Exponential(0.5)} | {place: law}
    with pytest.raises(DomainError, match=r"too heavy for a formula.*simulate with cap\.simulation"):
        GGc.of(**laws, servers=4)


def test_refuses_laws_without_phases():
    """A gamma law is not replaced without a word."""
    with pytest.raises(
        DomainError, match=r"Gamma law is not made of exponential phases.*of_moments\(0\.5, 0\.3\)"
    ):
        GGc.of(Exponential(1.0), Gamma(0.5, 0.3), servers=4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"arrival_rate": 8.0}, "use at least 9 servers"),
        ({"arrival_rate": -1.0}, "arrival rate -1"),
        ({"arrival_rate": 0.0}, "arrival rate 0"),
        ({"servers": 0}, "servers 0"),
        ({"service_scv": float("nan")}, "service scv nan"),
        ({"between": Erlang(1.0, 2)}, "arrival scv 1 is not that of the law given, 0.5; use GGc.of"),
    ],
)
def test_refuses(given, said):
    """Outside its domain a station says what came and what to do."""
    with pytest.raises((Unstable, DomainError), match=said):
        GGc(**{"arrival_rate": 4.0, "service_rate": 1.0, "servers": 8} | given)
