"""PH/PH/c and D/PH/c: published and closed-form values, a solution by brute force, limits, a simulation, refusals."""

import heapq
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse import csc_array
from scipy.sparse.linalg import spsolve
from scipy.special import gammaincc

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Erlang, Exponential, Hyperexponential, MixedErlang
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.qbd import PHPHc
from capacity.models.stations.queueing import MMc

POISSON = EXPONENTIAL = PhaseType.of(Exponential(1.0))
EVEN = Constant(1.0)
CYCLE = PhaseType((0.5, 0.5), ((-3.0, 1.0), (2.0, -4.0)))


def erlang(phases):
    """Erlang law of mean 1."""
    return PhaseType.of(Erlang(1.0, phases))


def bursts(scv):
    """Hyperexponential law of mean 1."""
    return PhaseType.of(Hyperexponential.balanced(1.0, scv))


# Exact in double precision by another program: a QBD solved by logarithmic reduction, checked against LINE's MAM.
@pytest.mark.parametrize(
    ("between", "service", "servers", "rate", "chance", "wait", "p99", "p999"),
    [
        (
            bursts(4),
            erlang(2),
            4,
            3.6,
            0.901996893468525,
            4.72094081300165,
            24.4056476551378,
            36.3182257888444,
        ),
        (
            bursts(9),
            bursts(9),
            8,
            6.4,
            0.735747765748246,
            2.92003251869908,
            26.3161282257772,
            44.5270328969867,
        ),
        (POISSON, erlang(4), 4, 3.6, 0.781300246847229, 1.24585085869588, 7.83023940911673, 11.3530347706857),
    ],
)
def test_known_good_numbers(between, service, servers, rate, chance, wait, p99, p999):
    """Chance to wait, mean wait and two percentiles of the response time to ten digits."""
    station = PHPHc(rate, 1.0, servers, between, service)
    assert station.wait_probability == pytest.approx(chance, rel=1e-10)
    assert station.waiting_time == pytest.approx(wait, rel=1e-10)
    assert station.response_time_quantile(0.99) == pytest.approx(p99, rel=1e-10)
    assert station.response_time_quantile(0.999) == pytest.approx(p999, rel=1e-10)


def by_brute_force(between, service, utilization, levels=250):
    """Chance that an arrival waits, and mean number waiting, of two *labelled* servers in a chain cut at a level."""
    arrivals, starts = between.rates * (2 * utilization) * between.mean, between.starts
    comes = -arrivals.sum(axis=1)[:, None] * starts
    rates, first, ends = service.rates, service.starts, service.ends
    one = np.eye(len(first))
    stays = np.kron(rates, one) + np.kron(one, rates)
    again = np.kron(np.outer(ends, first), one) + np.kron(one, np.outer(ends, first))
    left = np.vstack(
        [np.kron(ends[:, None], one), np.kron(one, ends[:, None])]
    )  # both servers -> the other one
    left = left[: len(stays)] + left[len(stays) :]
    phases, empty = np.eye(len(starts)), 1
    sizes = [empty, len(first), *[len(stays)] * (levels - 1)]
    places = np.cumsum([0, *[len(starts) * size for size in sizes]])
    blocks = {}
    for n in range(levels + 1):
        inside = [np.zeros((1, 1)), rates, stays][min(n, 2)]
        up = [
            first[None, :],
            (np.kron(one, first[None, :]) + np.kron(first[None, :], one)) / 2,
            np.eye(len(stays)),
        ]
        blocks[n, n] = np.kron(arrivals, np.eye(sizes[n])) + np.kron(phases, inside)
        if n == levels:
            blocks[n, n] = blocks[n, n] + np.kron(comes, np.eye(sizes[n]))
        else:
            blocks[n, n + 1] = np.kron(comes, up[min(n, 2)])
        if n:
            blocks[n, n - 1] = np.kron(phases, [None, ends[:, None], left][n] if n < 3 else again)
    return _stationary(blocks, places, comes, sizes, 2 * utilization)


def _stationary(blocks, places, comes, sizes, rate):
    rows, columns, values = [], [], []
    for (n, m), block in blocks.items():
        at = np.argwhere(block)
        rows.append(at[:, 0] + places[n])
        columns.append(at[:, 1] + places[m])
        values.append(block[tuple(at.T)])
    matrix = csc_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(places[-1],) * 2
    ).T.tolil()
    matrix[0, :] = 1.0
    total = np.zeros(places[-1])
    total[0] = 1.0
    found = spsolve(csc_array(matrix), total)
    waits, waiting = 0.0, 0.0
    for n in range(2, len(sizes)):
        level = found[places[n] : places[n + 1]].reshape(len(comes), sizes[n]).sum(axis=1)
        waits += float(level @ comes.sum(axis=1)) / rate
        waiting += (n - 2) * float(level.sum())
    return waits, waiting


@pytest.mark.parametrize("between", [erlang(3), bursts(3), CYCLE])
@pytest.mark.parametrize("service", [erlang(2), CYCLE])
def test_a_chain_solved_by_brute_force(between, service):
    """Two servers told apart, 250 levels, one sparse system: the same chance to wait, and L_q = λ W_q (Little)."""
    scaled = service.scaled(1 / service.mean)
    chance, waiting = by_brute_force(between, scaled, 0.7)
    station = PHPHc(1.4, 1.0, 2, between, service)
    assert station.wait_probability == pytest.approx(chance, rel=1e-9)
    assert station.queue_length == pytest.approx(waiting, rel=1e-9)


@pytest.mark.parametrize("load", [0.01, 0.5, 0.99, 1 - 1e-6, 1 - 1e-9])
@pytest.mark.parametrize("service", [bursts(4), erlang(4), PhaseType.of(MixedErlang(1.0, 0.4)), CYCLE])
def test_pollaczek_and_khinchine(load, service):
    """One server, Poisson arrivals: W_q = ρ (1 + scv) / (2 μ (1 - ρ)), and ρ of all wait."""
    station = PHPHc(load, 1.0, 1, POISSON, service)
    digits = max(1e-12, 1e-15 / (1 - load))
    assert station.waiting_time == pytest.approx(load * (1 + service.scv) / 2 / (1 - load), rel=digits)
    assert station.wait_probability == pytest.approx(load, rel=1e-12)


@pytest.mark.parametrize("servers", [1, 8, 60])
@pytest.mark.parametrize("utilization", [1e-12, 0.3, 0.9, 0.9999])
def test_is_mmc_for_exponential_times(servers, utilization):
    """With exponential times everything is that of M/M/c."""
    rate = servers * utilization
    ours, exact = PHPHc(rate, 1.0, servers, POISSON, EXPONENTIAL), MMc(rate, 1.0, servers)
    assert ours.wait_probability == pytest.approx(exact.wait_probability, rel=1e-11)
    assert ours.waiting_time == pytest.approx(exact.waiting_time, rel=1e-10)
    for q in (0.5, 0.99, 0.999):
        assert ours.waiting_time_quantile(q) == pytest.approx(
            exact.waiting_time_quantile(q), rel=1e-9, abs=1e-12
        )
        assert ours.response_time_quantile(q) == pytest.approx(exact.response_time_quantile(q), rel=1e-10)


@pytest.mark.parametrize(
    ("between", "transform"),
    [
        (EVEN, lambda s: math.exp(-s / 0.8)),
        (erlang(2), lambda s: (1.6 / (1.6 + s)) ** 2),
        (CYCLE, None),
    ],
)
def test_one_exponential_server(between, transform):
    """GI/M/1: σ = A*(μ - μ σ) of all wait, exponentially at rate μ (1 - σ)."""
    if transform is None:
        law = between.scaled(1 / (0.8 * between.mean))
        transform = lambda s: float(law.starts @ np.linalg.solve(s * np.eye(2) - law.rates, law.ends))  # noqa: E731
    share = brentq(lambda x: transform(1 - x) - x, 0.0, 1 - 1e-6, xtol=1e-15)
    station = PHPHc(0.8, 1.0, 1, between, EXPONENTIAL)
    assert station.wait_probability == pytest.approx(share, rel=1e-11)
    assert station.waiting_time == pytest.approx(share / (1 - share), rel=1e-11)
    assert station.response_time_quantile(0.95) == pytest.approx(math.log(20) / (1 - share), rel=1e-11)


@pytest.mark.parametrize("service", [bursts(4), erlang(2)])
def test_even_arrivals_are_the_limit_of_many_phases(service):
    """Erlang arrivals of k phases differ from evenly spaced ones by a series in 1 / k."""
    few, many = (PHPHc(2.7, 1.0, 3, erlang(k), service) for k in (15, 30))
    even = PHPHc(2.7, 1.0, 3, EVEN, service)
    for ask in (
        lambda s: s.wait_probability,
        lambda s: s.waiting_time,
        lambda s: s.response_time_quantile(0.99),
    ):
        assert 2 * ask(many) - ask(few) == pytest.approx(ask(even), rel=2e-3)
        assert abs(ask(many) - ask(even)) < abs(ask(few) - ask(even))


def simulated(between, service, servers, requests, rng):
    """Waits and response times of one run from an empty station (Kiefer and Wolfowitz)."""
    arrivals = np.cumsum(between.sample(requests, rng))
    services = service.sample(requests, rng)
    free, waits = [0.0] * servers, np.empty(requests)
    for i, (now, work) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
        begin = max(now, free[0])
        waits[i] = begin - now
        heapq.heapreplace(free, begin + work)
    return waits[requests // 20 :], (waits + services)[requests // 20 :]


@pytest.mark.parametrize("between", [EVEN, bursts(4)])
def test_a_simulation_agrees(between):
    """Mean wait and P95 of the response time, three servers at 0.7, are within 4 standard errors of 16 runs."""
    rng, law = np.random.default_rng(11), between.scaled(1 / 2.1)
    runs = [simulated(law, bursts(2), 3, 12_000, rng) for _ in range(16)]
    found = np.array([(waits.mean(), np.quantile(times, 0.95)) for waits, times in runs])
    station = PHPHc(2.1, 1.0, 3, between, bursts(2))
    exact = np.array([station.waiting_time, station.response_time_quantile(0.95)])
    assert (np.abs(found.mean(axis=0) - exact) < 4 * found.std(axis=0, ddof=1) / 4).all()


@pytest.mark.parametrize("between", [EVEN, bursts(4)])
def test_answers_belong_together(between):
    """Quantiles undo survival, and the mean is the area below it."""
    station = PHPHc(3.4, 1.0, 4, between, erlang(2))
    for q in (0.8, 0.95, 0.999):
        assert station.waiting_time_survival(station.waiting_time_quantile(q)) == pytest.approx(
            1 - q, rel=1e-9
        )
        assert station.response_time_survival(station.response_time_quantile(q)) == pytest.approx(
            1 - q, rel=1e-9
        )
    times = np.linspace(0, 100, 4001)
    area = np.trapezoid([station.response_time_survival(float(t)) for t in times], times)
    assert area == pytest.approx(station.response_time, rel=1e-3)
    assert station.response_time_survival(0.0) == pytest.approx(1.0)


def test_units():
    """Measuring time in milliseconds scales every time by a thousand."""
    seconds, milliseconds = (PHPHc(250 / f, 37.5 / f, 8, EVEN, bursts(2)) for f in (1, 1000))
    assert milliseconds.response_time_quantile(0.95) == pytest.approx(
        1000 * seconds.response_time_quantile(0.95)
    )
    assert milliseconds.wait_probability == pytest.approx(seconds.wait_probability)


@pytest.mark.parametrize(
    ("rate", "servers", "between", "service", "said"),
    [
        (8.0, 8, POISSON, EXPONENTIAL, "use at least 9 servers"),
        (0.0, 8, POISSON, EXPONENTIAL, "arrival rate 0"),
        (10.0, 40, POISSON, erlang(5), "too many states .* use GGc"),
        (1e-9, 2, EVEN, erlang(2), "too many states"),
    ],
)
def test_refuses(rate, servers, between, service, said):
    """Outside its domain a station says what came and what to do."""
    with pytest.raises((Unstable, DomainError), match=said):
        PHPHc(rate, 1.0, servers, between, service)


def test_says_how():
    """The result carries its method and its error."""
    assert (PHPHc(1.0, 1.0, 2, EVEN, erlang(2)).method, PHPHc(1.0, 1.0, 2, EVEN, erlang(2)).error) == (
        "exact D/PH/c",
        0.0,
    )
    assert PHPHc(1.0, 1.0, 2, POISSON, erlang(2)).method == "exact PH/PH/c"


@pytest.mark.parametrize("phases", [2, 10, 20])
def test_even_arrivals_at_low_load(phases):
    """Far below saturation a request waits if the service before it outlasts the time between two arrivals."""
    station = PHPHc(0.1, 1.0, 1, EVEN, erlang(phases))
    outlasts = gammaincc(phases, phases / 0.1)
    assert station.wait_probability == pytest.approx(outlasts, rel=1e-6)
    assert 0 < station.waiting_time < outlasts


@pytest.mark.parametrize("between", [bursts(9), CYCLE])
@pytest.mark.parametrize("service", [erlang(10), bursts(9)])
def test_the_lowest_load(between, service):
    """At a load of 1e-12 a request waits if it comes within the last one's service: the density at 0 times its mean."""
    station = PHPHc(1e-12, 1.0, 1, between, service)
    law = between.scaled(1e12 / between.mean)
    assert station.wait_probability == pytest.approx(float(law.starts @ law.ends), rel=1e-6)
    assert station.response_time_quantile(0.99) == pytest.approx(service.quantile(0.99), rel=1e-9)
