"""Operational laws, and what a sample of n values proves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError
from capacity.models import laws

positive = st.floats(1e-3, 1e6)


def test_operational_laws_of_denning_and_buzen():
    """540 s busy in an hour, 1800 completions, 12.5 present (reference denning_little)."""
    assert laws.response_time(concurrency=12.5, throughput=1800 / 3600) == 25.0
    assert laws.service_demand(utilization=540 / 3600, throughput=1800 / 3600) == pytest.approx(
        0.3, rel=1e-12
    )
    assert laws.utilization(throughput=0.5, service_demand=0.3) == pytest.approx(0.15, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(positive, positive, st.floats(0, 1e3))
def test_three_forms_of_littles_law_agree(throughput, response_time, think_time):
    """Concurrency from throughput and response time gives both back."""
    present = laws.concurrency(throughput, response_time, think_time)
    assert laws.throughput(present, response_time, think_time) == pytest.approx(throughput, rel=1e-9)
    returned = laws.response_time(present, throughput, think_time)
    assert returned == pytest.approx(response_time, rel=1e-9, abs=1e-9 * think_time)


def test_no_load_is_no_concurrency():
    """At throughput zero nobody is present."""
    assert laws.concurrency(throughput=0, response_time=3) == 0


def test_more_than_full_utilization_is_refused():
    """100 req/s of 30 ms do not fit on two servers, and the message says what would."""
    with pytest.raises(
        DomainError, match=r"need 3 servers, 2 are there; lower the throughput to 66\.6667 req/s"
    ):
        laws.utilization(throughput=100, service_demand=0.03, servers=2)


def test_impossible_think_time_is_refused():
    """10 users thinking 5 s cannot make 100 req/s."""
    with pytest.raises(DomainError, match=r"10 users thinking 5 s cannot make 100 req/s \(at most 2\)"):
        laws.response_time(concurrency=10, throughput=100, think_time=5)


def test_negative_input_is_refused_by_name():
    """The message names the quantity and its value."""
    with pytest.raises(DomainError, match=r"response time -1 is not allowed"):
        laws.concurrency(throughput=1, response_time=-1)
    with pytest.raises(DomainError, match=r"utilization 85 is above 1; give it as a fraction"):
        laws.service_demand(utilization=85, throughput=1)


def test_smallest_sample_with_an_upper_bound_on_p99():
    """368 values bound P99 from above at 95%, 367 do not (0.99^n <= 0.025)."""
    assert laws.quantile_ranks(367, 0.99, level=0.95).upper is None
    assert laws.quantile_ranks(368, 0.99, level=0.95).upper == 368


def test_median_of_few_values_has_no_lower_bound():
    """Three values do not bound a median at 90% on either side."""
    assert laws.quantile_ranks(3, 0.5, level=0.9) == (None, None)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000), st.floats(0.01, 0.999), st.sampled_from([0.5, 0.9, 0.99]))
def test_ranks_cover_at_least_the_level_and_no_rank_is_spare(n, q, level):
    """Each tail holds at most half of what the level leaves, and moving a rank inwards would hold more."""
    ranks = laws.quantile_ranks(n, q, level)
    assert laws.ranks_coverage(n, q, ranks) >= level - 1e-12
    tail = (1 - level) / 2
    inner = (ranks.lower or 0) + 1
    assert 1 - laws.ranks_coverage(n, q, laws.QuantileRanks(inner, None)) > tail


def test_ranks_enclose_the_quantile_as_often_as_they_say():
    """Over seeded exponential samples the P95 lies between the ranks with the stated probability."""
    ranks = laws.quantile_ranks(500, 0.95, level=0.9)
    samples = np.sort(np.random.default_rng(5).exponential(size=(2000, 500)), axis=1)
    inside = (samples[:, ranks.lower - 1] <= np.log(20)) & (np.log(20) <= samples[:, ranks.upper - 1])
    expected = laws.ranks_coverage(500, 0.95, ranks)
    assert inside.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 2000))


def test_share_of_none():
    """Without a single failure the upper bound is 1 - 0.05^(1/n), the one-sided exact bound."""
    low, high = laws.share_interval(0, 100)
    assert low == 0
    assert high == pytest.approx(1 - 0.05 ** (1 / 100))


def test_share_published():
    """Four of twenty at 95%: 0.0573 to 0.4366."""
    # scipy.stats.binomtest(4, 20).proportion_ci(0.95, "exact")
    assert laws.share_interval(4, 20, 0.95) == pytest.approx((0.05733, 0.43661), abs=1e-5)


def test_share_mirrored():
    """The share of successes is what failures leave."""
    low, high = laws.share_interval(3, 50)
    assert laws.share_interval(47, 50) == pytest.approx((1 - high, 1 - low))


def test_requests_needed_for_three_nines():
    """N12: 2,995 requests without a failure show 99.9% at 95% confidence, one fewer does not."""
    assert laws.requests_needed(0.999, 0.95) == 2995
    assert 0.999**2995 <= 0.05 < 0.999**2994
    low, _ = laws.share_interval(2995, 2995, level=0.9)
    assert low == pytest.approx(0.999, abs=1e-5)
