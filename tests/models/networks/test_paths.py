"""Times along paths, by inverting their transform."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.networks.paths import sojourn_quantile, sojourn_survival
from capacity.models.networks.stations import Delay, TwoMoment
from capacity.models.stations.queueing import MM1, MMc

ALONE = np.ones(1), np.zeros((1, 1))


@pytest.mark.parametrize("t", [0.01, 0.3, 2.0, 6.0])
def test_a_station_alone(t):
    """M/M/1: exp(-(μ - λ) t)."""
    assert sojourn_survival([MM1(1, 3)], *ALONE, t) == pytest.approx(math.exp(-2 * t), abs=1e-10)


def test_equal_stations_in_a_row():
    """Five equal exponential times: Erlang's law, where partial fractions fail."""
    routing = np.eye(5, k=1)
    entry = np.eye(5)[0]
    survival = sojourn_survival([MM1(1, 3)] * 5, entry, routing, 2.5)
    assert survival == pytest.approx(
        math.exp(-5) * sum(5**k / math.factorial(k) for k in range(5)), abs=1e-10
    )


def test_a_delay_has_its_gamma_law():
    """Squared coefficient of variation 1/4: four phases."""
    survival = sojourn_survival([Delay(1.0, 2.0, 0.25)], *ALONE, 0.75)
    assert survival == pytest.approx(math.exp(-6) * (1 + 6 + 18 + 36), abs=1e-10)


def test_a_two_moment_station_with_one_is_mmc():
    """Exponential times give the exact law."""
    assert sojourn_survival([TwoMoment(9, 2, 6)], *ALONE, 0.8) == pytest.approx(
        MMc(9, 2, 6).response_time_survival(0.8), abs=1e-9
    )


def test_nothing_is_faster_than_no_time():
    """At 0 all are still there."""
    assert sojourn_survival([MM1(1, 3)], *ALONE, 0.0) == 1.0


def test_too_rare_a_quantile_is_refused():
    """The inversion has noise."""
    with pytest.raises(DomainError, match="beyond what the inversion resolves"):
        sojourn_quantile([MM1(1, 3)], *ALONE, 1 - 1e-8, 0.5)
