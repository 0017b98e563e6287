"""Steadiness: what comes to rest, what does not, and what is cut at the beginning."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from capacity.evidence.steadiness import steadiness
from capacity.evidence.steps import find_steps, read_step


def held(station, utilization, seconds=60, *, law="exponential", servers=4, poisson=True, seed=1):
    """A load held after 20 s at a third of capacity: the run and the periods inside."""
    service = station.Station(servers, servers / 100, law, 10**9, timeout=1e9)
    phases = [(20, 30), (seconds, 100 * utilization)]
    run = station.run(service, phases, poisson=poisson, seed=seed, offset=0.0)
    return run, list(range(2, 2 + seconds // 10))


def share_unsteady(station, utilization, seconds, runs=20):
    """Share of runs over service laws and arrivals that are called unsteady."""
    laws = ["deterministic", "exponential", "hyperexponential"]
    found = [
        steadiness(
            *held(station, utilization, seconds, law=laws[seed % 3], servers=(1, 4, 16)[seed % 3], seed=seed)
        )
        for seed in range(runs)
    ]
    return np.mean([one.steady is False for one in found])


def with_means(run, means):
    """The same run with other mean response times. [s]"""
    return replace(run, times=run.times.assign(mean=means), good_times=run.good_times.assign(mean=means))


@pytest.mark.parametrize("seconds", [60, 120])
def test_served_loads_are_steady(station, seconds):
    """Up to 90% utilization at most one load in ten is called unsteady."""
    assert share_unsteady(station, 0.6, seconds, 12) <= 0.1
    assert share_unsteady(station, 0.9, seconds) <= 0.1


@pytest.mark.parametrize("seconds", [60, 120])
def test_a_queue_at_capacity_is_seen(station, seconds):
    """At utilization 1, where the queue grows with the square root of time, two loads in three are told."""
    assert share_unsteady(station, 1.0, seconds) >= 2 / 3
    assert share_unsteady(station, 1.05, seconds, 10) >= 0.9


def test_two_periods_tell_growth_only(station):
    """Over 20 s a fast growing queue shows; a calm one leaves the question open."""
    run, rows = held(station, 1.3, 40)
    assert steadiness(run, rows[:2]).steady is False
    run, rows = held(station, 0.5, 40)
    assert steadiness(run, rows[:2]).steady is None


@pytest.mark.parametrize("trend", [0.5, -0.4])
def test_response_times_that_move_without_a_queue(station, trend):
    """A service that becomes slower, or faster, at an easy load drifts, and is told by how much."""
    run, rows = held(station, 0.2, 120, law="deterministic")
    means = run.times["mean"].to_numpy().copy()
    means[rows] *= 1 + trend * np.arange(12) / 11 + 0.01 * np.random.default_rng(1).standard_normal(12)
    found = steadiness(with_means(run, means), rows)
    assert (found.steady, found.drifting, found.growing) == (False, True, False)
    assert found.drift == pytest.approx(trend, abs=0.1)


def test_constant_times_are_steady(station):
    """Without any scatter there is no trend, and nothing is divided by zero."""
    run, rows = held(station, 0.2)
    assert steadiness(with_means(run, np.full(len(run.times), 0.04)), rows).steady is True


def test_a_cold_start_is_cut(station):
    """A first period twice as slow is a warm-up; what remains is steady."""
    run, rows = held(station, 0.2, 120, law="deterministic")
    means = run.times["mean"].to_numpy().copy()
    means[rows[0]] *= 2
    found = steadiness(with_means(run, means), rows)
    assert (found.warm_up, found.steady) == (1, True)
    assert found.warm_up_change == pytest.approx(1.0, abs=0.1)


def test_never_more_than_half_is_cut(station):
    """Where the change comes after the middle it is not a beginning."""
    run, rows = held(station, 0.2, 120, law="deterministic")
    means = run.times["mean"].to_numpy().copy()
    means[rows[:8]] *= 2
    assert steadiness(with_means(run, means), rows).warm_up <= 6


def test_chance_is_not_cut(station):
    """Periods that scatter about one level lose none of them, in at least 18 of 20 runs."""
    cut = [steadiness(*held(station, 0.7, seed=seed)).warm_up > 0 for seed in range(20)]
    assert sum(cut) <= 2


def test_the_filling_of_a_growing_queue_is_no_warm_up(station):
    """Where the queue never stops growing its short beginning belongs to it."""
    found = steadiness(*held(station, 1.2))
    assert (found.steady, found.warm_up) == (False, 0)


def test_too_few_periods_say_nothing(station):
    """One period has neither trend nor warm-up."""
    run, rows = held(station, 0.5)
    assert steadiness(run, rows[:1]).steady is None


def test_a_run_without_times_says_nothing(station):
    """Without response times only the question remains."""
    run, rows = held(station, 0.5)
    assert steadiness(with_means(run, np.nan).named("run"), rows).steady in (None, True)


def test_a_step_leaves_the_warm_up_out_of_its_times_only(station):
    """Mean and quantiles come from what follows; rates from all periods."""
    run, rows = held(station, 0.2, 120, law="deterministic")
    slow = run.times.copy()
    slow.loc[rows[0], slow.columns != "count"] *= 2
    run = replace(run, times=slow, good_times=slow)
    step = read_step(run, "plateau", rows)
    assert (step.warm_up, step.rows, step.timed_rows) == (1, tuple(rows), tuple(rows[1:]))
    assert step.mean == pytest.approx(0.04, rel=0.1)
    assert step.offered == pytest.approx(20, rel=0.2)


def test_a_ramp_is_neither_steady_nor_not(station):
    """On a ramp the load moves: the question does not arise."""
    run = station.run(station.Station(), [(120, 20, 200)], offset=0.0)
    script = SimpleNamespace(phases=[SimpleNamespace(kind="ramp", start=0, duration=120)])
    (step,) = find_steps(run, script)
    assert (step.steady, step.warm_up) == (None, 0)
