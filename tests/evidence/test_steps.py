"""Steps: from a script that fits, else from the load itself."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from capacity.evidence.steps import find_steps, script_fits, to_frame, whole_periods


def phase(kind, start, duration):
    """A phase of a script."""
    return SimpleNamespace(kind=kind, start=start, duration=duration)


def script(*phases):
    """A script of phases."""
    return SimpleNamespace(phases=phases)


@pytest.fixture(scope="module")
def staircase(station):
    """Three loads of 40 s."""
    return station.run(station.Station(), [(40, 50), (40, 100), (40, 200)], offset=3.0)


def test_steps_from_the_load(staircase):
    """Without a script the plateaus are found, without the periods that straddle two of them."""
    steps = find_steps(staircase)
    assert [s.kind for s in steps if len(s.rows) > 1] == ["plateau"] * 3
    assert [round(s.offered) for s in steps if len(s.rows) > 1] == [50, 100, 200]


def test_steps_from_the_script(staircase):
    """Each phase keeps the whole periods inside it."""
    steps = find_steps(
        staircase, script(phase("constant", 0, 40), phase("constant", 40, 40), phase("constant", 80, 40))
    )
    assert [round(s.offered) for s in steps] == [50, 100, 200]
    assert all(
        s.start >= begin - 1 and s.end <= begin + 41 for s, begin in zip(steps, (0, 40, 80), strict=True)
    )


def test_pauses_and_ramps_of_a_script(station):
    """A pause offers nothing and makes no step; a leading one does not shift the others; a ramp is a ramp."""
    run = station.run(station.Station(), [(40, 50), (30, 0), (40, 50, 150)], offset=0.0)
    known = script(
        phase("pause", 0, 5), phase("constant", 5, 40), phase("pause", 45, 30), phase("ramp", 75, 40)
    )
    steps = find_steps(run, known)
    assert [s.kind for s in steps] == ["plateau", "ramp"]
    assert steps[0].end <= 41
    assert steps[1].start >= 69


def test_a_pause_separates_two_plateaus_of_one_rate(station):
    """The same load before and after a pause is held twice, not once."""
    run = station.run(station.Station(), [(40, 50), (30, 0), (40, 50)], offset=0.0)
    assert [round(s.offered) for s in find_steps(run)] == [50, 50]


@pytest.mark.parametrize(
    ("seconds", "fits"), [(120, True), (108, True), (134, True), (80, False), (200, False)]
)
def test_a_script_of_another_length_does_not_fit(staircase, seconds, fits):
    """A script whose load lasts more than 15 s (and a tenth) longer or shorter is not the run's."""
    other = script(phase("constant", 0, seconds))
    assert script_fits(staircase, other) is fits
    found = [round(s.offered) for s in find_steps(staircase, other) if len(s.rows) > 1]
    assert (found == [50, 100, 200]) is not fits


def test_a_script_without_load_fits_nothing(staircase):
    """Only pauses: the run must have had another script."""
    assert not script_fits(staircase, script(phase("pause", 0, 120)))


def test_offered_throughput_and_littles_law(station):
    """Rates are counts over time; N = X R."""
    run = station.run(station.Station(), [(60, 150)], offset=0.0)
    (step,) = find_steps(run)
    assert step.offered == pytest.approx(150, rel=0.002)
    assert step.throughput == pytest.approx(150, rel=0.01)
    assert step.concurrency == pytest.approx(step.throughput * step.mean)
    assert step.error_rate == 0
    assert 0.5 * step.quantiles[0.95].value < step.quantiles[0.95].low < step.quantiles[0.95].value


def test_partial_periods_are_no_operating_points(station):
    """The first and last slice of the clock cover less than ten seconds and are left out."""
    run = station.run(station.Station(), [(45, 50)], offset=7.0)
    assert run.periods["span"].iloc[0] == pytest.approx(3.0)
    assert whole_periods(run) == [1, 2, 3, 4]


def test_periods_after_the_generator_ran_out_are_left_out(station):
    """From the first period in which 1% of the requests could not be sent nothing is believed."""
    run = station.run(station.Station(), [(60, 100)], offset=0.0)
    errors = run.errors.assign(EADDRNOTAVAIL=[0, 0, 0, 50, 0, 0] + [0] * (len(run.errors) - 6))
    assert whole_periods(replace(run, errors=errors)) == [0, 1, 2]


def test_first_and_last_period_without_times_are_left_out(station):
    """Where the export has no times the length of the outer periods is a guess."""
    run = station.run(station.Station(), [(60, 100)], offset=0.0)
    assert whole_periods(replace(run, start=None)) == [1, 2, 3, 4]


def test_a_run_without_http_has_no_rates(station):
    """Where requests and answers are not counted, offered and throughput are unknown, not zero."""
    run = station.run(station.Station(), [(30, 20)], offset=0.0)
    silent = replace(run, periods=run.periods.assign(requests=np.nan, responses=np.nan), totals={})
    (step,) = find_steps(silent)
    assert np.isnan([step.offered, step.throughput, step.goodput]).all()
    assert step.arrival_rate == pytest.approx(20, rel=0.01)


def test_nothing_at_all(station):
    """A run without a period has no steps, and an empty table."""
    run = station.run(station.Station(), [(30, 20)])
    empty = replace(run, periods=run.periods.iloc[:0], codes=run.codes.iloc[:0], errors=run.errors.iloc[:0])
    assert find_steps(empty) == ()
    assert to_frame(find_steps(empty)).empty


def test_one_period(station):
    """A run of one period is one step."""
    (step,) = find_steps(station.run(station.Station(), [(9.9, 50)], offset=0.0))
    assert (step.kind, len(step.rows)) == ("plateau", 1)


def test_table_of_steps(staircase):
    """One row a step, percentiles as columns of estimates."""
    frame = to_frame(find_steps(staircase))
    assert {"test", "kind", "offered", "duration", "p95"} <= set(frame.columns)
    assert frame["p95"].iloc[0].unit == "s"


@pytest.mark.parametrize(("seconds", "offset"), [(15, 3.7), (20, 3.7), (30, 8.2), (60, 3.7)])
def test_short_stairs_of_evenly_spaced_arrivals_are_plateaus(station, seconds, offset):
    """Without a script a staircase of many small steps is no ramp: every plateau has the rate of one of its stairs."""
    rates = list(range(50, 301, 25))
    run = station.run(station.Station(), [(seconds, rate) for rate in rates], offset=offset)
    plateaus = [step for step in find_steps(run) if step.kind == "plateau"]
    assert len(plateaus) >= len(rates) // 2
    assert all(min(abs(step.offered - rate) for rate in rates) < 5 for step in plateaus)


def test_a_ramp_stays_a_ramp(station):
    """A load that moves evenly gives one ramp and no plateau, evenly spaced or not."""
    for poisson in (False, True):
        run = station.run(station.Station(), [(150, 30, 300)], offset=0.0, poisson=poisson)
        assert [s.kind for s in find_steps(run) if len(s.rows) > 1] == ["ramp"]


def slow_at_first(run, periods, factor):
    """The same run with its first periods slower."""
    times = run.times.copy()
    times.loc[: periods - 1, [name for name in times.columns if name != "count"]] *= factor
    return replace(run, times=times, good_times=times)


def test_a_slow_beginning_is_left_out_of_the_quantiles(station):
    """Times of a step are those after its warm-up, its rate is that of all periods."""
    run = station.run(station.Station(law="deterministic"), [(120, 50)], offset=0.0)
    (step,) = find_steps(slow_at_first(run, 2, 5))
    assert (step.warm_up, step.timed_rows) == (2, step.rows[2:])
    assert step.quantiles[0.95].value == pytest.approx(0.04, rel=0.02)
    assert (step.duration, round(step.offered)) == (pytest.approx(120, abs=1), 50)


def test_steps_tell_whether_they_were_steady(station):
    """A load far below capacity is steady, one beyond it is not, and of two periods nothing is said."""
    service = station.Station(queue=10**6, timeout=1e9)
    calm, beyond, short = (
        find_steps(station.run(service, [(seconds, rate)], offset=0.0))[0]
        for seconds, rate in ((60, 150), (60, 330), (20, 150))
    )
    assert (calm.steady, beyond.steady, short.steady) == (True, False, None)
