"""Ramps: the load their response times had come to rest at, and that it never promises too much."""

import numpy as np
import pytest

from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.ramps import parts, settled_loads
from capacity.evidence.steps import find_steps


def ramp_of(run):
    """Return the parts of a run's only ramp."""
    (step,) = [step for step in find_steps(run) if step.kind == "ramp"]
    return parts(run, step)


def p95_at(station, service, rate, poisson):
    """Return the P95 of a long run at one rate. [s]"""
    rng = np.random.default_rng(5)
    arrivals = station.arrivals_of([(30_000 / rate, rate)], rng if poisson else None)
    ends, _ = service.serve(arrivals, rng)
    return float(np.quantile((ends - arrivals)[3_000:], 0.95))


def test_parts_are_periods(station):
    """A short ramp is read period by period, in order and without a gap."""
    run = station.run(station.Station(), [(120, 20, 200)], offset=0.0)
    ramp = ramp_of(run)
    assert [len(part.rows) for part in ramp] == [1] * 12
    assert [part.rows[0] for part in ramp] == sorted(part.rows[0] for part in ramp)


def test_a_long_ramp_is_read_in_thirty_parts(station):
    """Six hundred seconds are thirty parts of two periods."""
    run = station.run(station.Station(), [(600, 10, 60)], offset=0.0)
    assert [len(part.rows) for part in ramp_of(run)] == [2] * 30


def test_without_a_queue_times_belong_to_the_part_before(station):
    """Far below capacity no response time lags: each part stands for the one that had ended when it began."""
    ramp = ramp_of(station.run(station.Station(law="deterministic"), [(120, 10, 100)], offset=0.0))
    loads = settled_loads(ramp, 0.04)
    assert loads[0] == 0.0
    assert loads[1:] == [part.offered for part in ramp[:-1]]


def test_the_longer_the_queue_the_further_back(station):
    """Near saturation response times come from long before: a load much lower than the part's own."""
    run = station.run(station.Station(queue=10**6), [(120, 60, 330)], offset=0.0, poisson=True)
    ramp = ramp_of(run)
    behind = [part.offered - load for part, load in zip(ramp, settled_loads(ramp, 0.04), strict=True) if load]
    assert behind[-1] > 3 * min(behind)


def test_a_falling_ramp_stands_for_no_more_than_it_offers(station):
    """On the way down the load that lies behind is higher; the part's own, or the next, is what counts."""
    ramp = ramp_of(station.run(station.Station(), [(120, 200, 20)], offset=0.0))
    loads = settled_loads(ramp, 0.04)
    assert all(load <= part.offered for part, load in zip(ramp, loads, strict=True))


@pytest.mark.parametrize(
    ("law", "limit"), [("deterministic", 0.2), ("exponential", 0.2), ("hyperexponential", 0.45)]
)
@pytest.mark.parametrize("poisson", [True, False])
def test_the_load_kept_on_a_ramp_keeps_the_objective(station, law, limit, poisson):
    """Over ramps of one to ten minutes, held for long the load said to be kept keeps the P95 (within 3%)."""
    service = station.Station(4, 0.04, law, 10**9, timeout=1e9)
    kept = []
    for seed, seconds in enumerate((60, 150, 600)):
        run = station.run(service, [(seconds, 5, 120)], seed=seed, poisson=poisson)
        kept.append(find_limits([run], find_steps(run), Slo({0.95: limit})).slo["p95"].low)
    assert max(kept) > 30
    assert p95_at(station, service, max(kept), poisson) <= 1.03 * limit
