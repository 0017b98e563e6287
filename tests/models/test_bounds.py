"""Bounds on what a closed group of users can reach."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError
from capacity.models.bounds import (
    asymptotic_bounds,
    balanced_bounds,
    bottleneck_throughput,
    geometric_bounds,
)

DEMANDS = [0.1, 0.1, 0.09, 0.08]
# Casale, Muntz, Serazzi, IEEE Trans. Computers 57(6), 2008: users, lower and upper throughput bound
TABLE_4 = [
    (2, 4.3040, 4.3174),
    (5, 6.6859, 6.7524),
    (10, 8.1521, 8.2690),
    (20, 9.0947, 9.2431),
    (80, 9.8233, 9.8765),
]
TABLE_5 = [
    (2, 1.4319, 1.5195),
    (5, 3.3432, 3.5582),
    (10, 5.7569, 6.1410),
    (20, 8.0856, 8.6467),
    (80, 9.7147, 9.8594),
]


def exact_throughput(demands, population, think_time):
    """Mean value analysis, as the witness."""
    queues, throughput = [0.0] * len(demands), 0.0
    for users in range(1, population + 1):
        times = [demand * (1 + queue) for demand, queue in zip(demands, queues, strict=True)]
        throughput = users / (think_time + sum(times))
        queues = [throughput * time for time in times]
    return throughput


@pytest.mark.parametrize(
    ("think_time", "row"),
    [(0, row) for row in TABLE_4] + [(1, row) for row in TABLE_5],
)
def test_geometric_bounds_as_printed(think_time, row):
    """Tables 4 and 5 of the paper, to the printed digits."""
    population, low, high = row
    found = geometric_bounds(DEMANDS, population, think_time)
    assert (round(found.throughput_low, 4), round(found.throughput_high, 4)) == (low, high)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0.001, 2), min_size=1, max_size=6),
    st.integers(1, 60),
    st.sampled_from([0.0, 0.5, 20.0]),
)
def test_every_bound_encloses_the_exact_throughput(demands, population, think_time):
    """Mean value analysis lies within the three pairs of bounds."""
    exact = exact_throughput(demands, population, think_time)
    for bounds in (asymptotic_bounds, balanced_bounds, geometric_bounds):
        found = bounds(demands, population, think_time)
        assert found.throughput_low * (1 - 1e-9) <= exact <= found.throughput_high * (1 + 1e-9)


def test_one_user_never_queues():
    """With one user and no thinking all bounds meet at one over the sum of the demands."""
    for bounds in (asymptotic_bounds, balanced_bounds, geometric_bounds):
        found = bounds(DEMANDS, 1)
        assert found.throughput_low == pytest.approx(1 / 0.37)
        assert found.throughput_high == pytest.approx(1 / 0.37)
        assert found.response_time_low == pytest.approx(0.37)


def test_bottleneck_is_the_least_servers_per_demand():
    """App at 333.3 req/s before a database of 8 cores and 26.667 ms (levers X1)."""
    assert bottleneck_throughput([0.003, 0.026667], servers=[1, 8]) == pytest.approx(299.996, rel=1e-4)
    assert bottleneck_throughput([0.003, 0.016667], servers=[1, 8]) == pytest.approx(333.33, rel=1e-4)


def test_demands_of_nothing_are_refused():
    """A system without demand has no bound."""
    with pytest.raises(DomainError, match="no station has a service demand; give at least one above 0 s"):
        asymptotic_bounds([0.0, 0.0], population=3)


def test_server_counts_must_match_the_demands():
    """The message says how many of each came."""
    with pytest.raises(DomainError, match="2 demands but 1 server counts"):
        bottleneck_throughput([0.1, 0.2], servers=[1])


def test_population_is_a_whole_number():
    """Half a user is refused."""
    with pytest.raises(DomainError, match=r"population 2\.5 is not allowed; give a whole number, 1 or above"):
        asymptotic_bounds([0.1], population=2.5)
