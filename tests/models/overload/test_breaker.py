"""Circuit breakers, client throttles and back-off. Numbers from the test vectors of levers.md."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.breaker import (
    backoff_ceilings,
    false_trip_probability,
    held_calls,
    mean_backoff,
    throttle_probability,
)


def test_false_trip():
    """R7: 10 of 20 at 30% failures happen with probability 0.048."""
    assert false_trip_probability(20, 10, 0.3) == pytest.approx(0.048, rel=0.005)


@pytest.mark.parametrize("threshold", [1, 4, 9])
def test_false_trip_is_the_binomial_tail(threshold):
    """Term by term."""
    tail = sum(math.comb(9, k) * 0.2**k * 0.8 ** (9 - k) for k in range(threshold, 10))
    assert false_trip_probability(9, threshold, 0.2) == pytest.approx(tail, rel=1e-12)


def test_a_client_throttles_itself():
    """R8: with K = 2, 100 requests and 30 accepts 0.396; nothing as long as half are accepted."""
    assert throttle_probability(100, 30) == pytest.approx(0.396, rel=0.005)
    assert throttle_probability(100, 50) == 0


def test_full_jitter_halves_the_ceilings():
    """R9: 0.5 s and 1 s make 0.75 s on average; simulated too."""
    assert mean_backoff(0.5, 2) == 0.75
    rng = np.random.default_rng(1)
    waits = rng.uniform(0, backoff_ceilings(0.5, 3, most=1.5), (100_000, 3)).sum(axis=1)
    assert mean_backoff(0.5, 3, most=1.5) == pytest.approx(waits.mean(), rel=0.01)
    assert mean_backoff(0.5, 3, jitter=False) == 3.5


def test_many_repetitions():
    """However many, the waits end at their ceiling."""
    assert backoff_ceilings(0.5, 2_000, most=60.0)[-1] == 60
    assert backoff_ceilings(90.0, 2, most=60.0) == [60, 60]


def test_calls_held_by_a_dependency_that_hangs():
    """R10: 5 calls/s of 60 s hold 300; an open breaker holds what fails fast."""
    assert held_calls(5, 60) == 300
    assert held_calls(5, 60, fail_fast_time=0.02, open_share=1) == pytest.approx(0.1)
    assert held_calls(5, 60, open_share=0.5) == 150


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: false_trip_probability(5, 6, 0.1), "6 failures never happen in 5 calls"),
        (lambda: false_trip_probability(5, 2, 1.1), r"failure probability 1\.1"),
        (lambda: throttle_probability(10, 11), "accepts 11 is not allowed; give 0 to 10"),
        (lambda: throttle_probability(10, 5, 0.5), r"multiplier 0\.5"),
        (lambda: held_calls(5, -1), "timeout -1"),
        (lambda: mean_backoff(0, 2), "base 0"),
        (lambda: mean_backoff(1, 2, factor=0.5), r"factor 0\.5"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()


def test_worlds_at_once():
    """Arrays give one answer each."""
    assert held_calls(np.array([5, 10]), 60).tolist() == [300, 600]
    both = false_trip_probability(20, 10, np.array([0.3, 0.1]))
    assert both == pytest.approx([false_trip_probability(20, 10, p) for p in (0.3, 0.1)])
