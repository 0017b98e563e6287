"""The station behind a table of loads."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.fits.stationfit import StationFit, fit_station
from capacity.models.stations.general import GGc
from capacity.models.stations.queueing import MMc

QUANTILES = (0.5, 0.95, 0.99)


def table(station, loads=(0.2, 0.5, 0.7, 0.85, 0.93)) -> tuple:
    """What a station answers at shares of its saturation throughput."""
    limit = station.servers * station.service_rate
    at = [replace(station, arrival_rate=limit * load) for load in loads]
    quantiles = {q: [s.response_time_quantile(q) for s in at] for q in QUANTILES}
    return [s.arrival_rate for s in at], [s.response_time for s in at], quantiles, [20_000] * len(at)


@pytest.fixture(scope="module")
def exponential() -> StationFit:
    """Fit of eight exponential servers of 20 ms."""
    return fit_station(*table(MMc(1.0, 50.0, 8)))


def test_the_capacity_is_that_of_the_station(exponential: StationFit):
    """P95 within 90 ms: within 2% of M/M/8, and inside the interval."""
    found, true = exponential.max_arrival_rate(0.09, 0.95), MMc(1.0, 50.0, 8).max_arrival_rate(0.09, 0.95)
    assert found.value == pytest.approx(true, rel=0.02)
    assert found.low <= true <= found.high


def test_saturation_and_service_time_are_found(exponential: StationFit):
    """Nothing was saturated, yet growth of the waits tells the limit."""
    assert exponential.saturation_throughput.value == pytest.approx(400, rel=0.02)
    assert exponential.service_time.value == pytest.approx(0.02, rel=0.02)


def test_without_load_the_quantile_is_that_of_the_service(exponential: StationFit):
    """P99 of an exponential service time is its mean times ln 100."""
    assert exponential.response_time_quantile(0.99).value == pytest.approx(0.02 * np.log(100), rel=0.03)


def test_other_variation_is_found():
    """More regular service carries more within the same objective, and is told from the exponential."""
    station = GGc(1.0, 50.0, 8, 1.0, 0.5)
    found = fit_station(*table(station)).max_arrival_rate(0.09, 0.95)
    assert found.value == pytest.approx(station.max_arrival_rate(0.09, 0.95), rel=0.02)


def test_an_impossible_objective_is_refused(exponential: StationFit):
    """P99 within 50 ms cannot be kept when the service alone takes 92."""
    with pytest.raises(DomainError, match=r"infeasible: P99 is .* without any load, the SLO 0.05 s"):
        exponential.max_arrival_rate(0.05, 0.99)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda t: (t[0][:2], t[1][:2], {q: c[:2] for q, c in t[2].items()}, t[3][:2]),
            NotIdentified,
            "2 loads do not",
        ),
        (lambda t: (t[0], t[1][:3], t[2], t[3]), DomainError, "3 values of quantile 0 for 5 loads"),
        (lambda t: ([-1.0, *t[0][1:]], t[1], t[2], t[3]), DomainError, "rate .* is not allowed"),
        (lambda t: (t[0], t[1], t[2], [0] * 5), DomainError, "requests .* is not allowed"),
        (lambda t: ([r * 1e4 for r in t[0]], t[1], t[2], t[3]), NotIdentified, "no station of up to"),
    ],
)
def test_impossible_tables_are_refused(change, error: type, message: str):
    """Each refusal says what came and what is needed."""
    with pytest.raises(error, match=message):
        fit_station(*change(table(MMc(1.0, 50.0, 8))))
