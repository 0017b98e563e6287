"""Token and leaky buckets, limits on concurrency."""

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.limiters import ConcurrencyLimit, TokenBucket
from capacity.models.stations.bounded import MMcK


def exact(load, burst):
    """Share refused from Erlang's alternating series for M/D/1, in as many digits as it takes."""
    with mpmath.workdps(60 + int(6 * burst)):
        load, work = mpmath.mpf(load), mpmath.mpf(burst) - 1
        terms = (
            (-load * (work - k)) ** k / mpmath.factorial(k) * mpmath.exp(load * (work - k))
            for k in range(int(work) + 1)
        )
        weight = mpmath.fsum(terms)
        return float(1 - weight / (1 + load * weight))


@pytest.mark.parametrize("burst", [1, 1.5, 2, 2.999, 3.25, 10, 20.5, 60])
@pytest.mark.parametrize("load", [0.05, 0.5, 0.95, 0.99, 1 - 1e-9, 1.0, 1 + 1e-9, 1.5, 8.0])
def test_erlangs_series_in_many_digits_agrees(load, burst):
    """Light load, the limit and overload, whole and broken bursts, to eleven digits of what is refused."""
    found = TokenBucket(100, burst).rejection_probability(100 * load)
    assert found == pytest.approx(exact(load, burst), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize(("rate", "burst"), [(95.0, 5.0), (120.0, 2.5)])
def test_a_simulated_bucket_refuses_as_many(rate, burst):
    """Within 4 standard errors of batches of Poisson arrivals."""
    rng, shares = np.random.default_rng(7), []
    for _ in range(20):
        tokens, refused, gaps = burst, 0, rng.exponential(100 / rate, 10_000).tolist()
        for gap in gaps:
            tokens = min(tokens + gap, burst)
            if tokens >= 1:
                tokens -= 1
            else:
                refused += 1
        shares.append(refused / len(gaps))
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - TokenBucket(100, burst).rejection_probability(rate)) < 4 * error


@pytest.mark.parametrize(("burst", "refused"), [(0, 1 / 3), (1, 0.097), (2, 0.028), (5, 0.0006)])
def test_nginx_at_half_its_rate(burst, refused):
    """T2 and levers.md L5: 5 req/s against 10 r/s, simulated there (3%; the last is printed with one digit)."""
    found = TokenBucket.nginx(10, burst).rejection_probability(5)
    assert found == pytest.approx(refused, rel=0.03, abs=5e-5)


@pytest.mark.parametrize("load", [0.01, 0.5, 3.0, 1e4])
def test_nginx_without_burst_is_a_dead_time_counter(load):
    """It refuses x / (1 + x), x arrivals in the time of one token."""
    assert TokenBucket.nginx(10).rejection_probability(10 * load) == pytest.approx(
        load / (1 + load), rel=1e-12
    )


def test_what_is_admitted_at_most():
    """T1: 20 and 10 a second for 10 s are 120; 50 users of 20/s and 2 of 500/s are 2000 a second."""
    assert TokenBucket(10, 20).most_admitted(10) == 120
    assert 50 * TokenBucket(20, 1).refill_rate + 2 * TokenBucket(500, 1).refill_rate == 2000


@pytest.mark.parametrize("load", [0.7, 0.999, 1.0, 1.001, 1.7])
def test_a_large_bucket_refuses_the_excess_only(load):
    """As the burst grows, what is refused tends to 1 - 1 / ρ in overload and to nothing below."""
    found = TokenBucket(1, 30_000).rejection_probability(load)
    assert found == pytest.approx(max(1 - 1 / load, 0), abs=2e-5)


def test_no_arrivals_are_refused_none():
    """At no load the share is 0."""
    assert TokenBucket(1, 5).rejection_probability(0) == 0


@pytest.mark.parametrize(("rate", "places"), [(70, 10), (500, 10), (5, 1)])
def test_a_concurrency_limit_is_a_station_without_queue(rate, places):
    """M/G/c/c refuses what M/M/c/c does."""
    limit, station = ConcurrencyLimit(places, 0.1), MMcK(rate, 10, places, places)
    assert limit.rejection_probability(rate) == pytest.approx(station.blocking_probability, rel=1e-12)
    assert limit.throughput(rate) == pytest.approx(station.throughput, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TokenBucket(0, 5), "refill rate 0"),
        (lambda: TokenBucket(10, 0.5), r"burst 0\.5 never lets a request in; give at least 1 token"),
        (lambda: TokenBucket(10, 5).rejection_probability(-1), "arrival rate -1"),
        (lambda: TokenBucket(10, 1e9).rejection_probability(1), r"burst 1e\+09 is above 200000 tokens"),
        (lambda: TokenBucket.nginx(10, -1), "burst -1"),
        (lambda: ConcurrencyLimit(0, 0.1), "places 0"),
        (lambda: ConcurrencyLimit(10, 0), "response time 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()
