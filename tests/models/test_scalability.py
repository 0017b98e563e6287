"""The laws themselves: Linear, Amdahl, USL."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError
from capacity.models.scalability import Amdahl, Linear, Usl

CISCO = Usl(995.6486, 0.02671591, 0.0007690945)  # Schwartz 2015, as listed in the tests of usl4j
laws = st.builds(Usl, st.floats(0.1, 1e4), st.floats(0, 0.9), st.floats(0, 0.05))


def test_cisco_model_as_published():
    """Peak 12341 at 35 (Schwartz, Practical Scalability Analysis), on whole concurrencies."""
    assert math.floor(CISCO.peak_concurrency) == 35
    assert CISCO.throughput_at(35) == pytest.approx(12341, abs=1)


def test_replicas_of_the_assessment():
    """300 req/s each, contention 0.03, coherency 0.0005 (levers U1 and U2)."""
    law = Usl(300, 0.03, 0.0005)
    assert law.peak_concurrency == pytest.approx(44.05, abs=0.005)
    assert law.throughput_at(4) == pytest.approx(1094.9, abs=0.05)


@settings(max_examples=100, deadline=None)
@given(laws, st.floats(0.01, 500))
def test_littles_law(law, concurrency):
    """N = X R."""
    throughput = law.throughput_at(concurrency)
    assert throughput * law.response_time_at(concurrency) == pytest.approx(concurrency)


@settings(max_examples=100, deadline=None)
@given(laws, st.floats(0.01, 0.999))
def test_concurrency_at_inverts_throughput_at(law, share):
    """On the rising branch the inverse returns where it came from."""
    concurrency = share * min(law.peak_concurrency, 1000)
    assert law.concurrency_at(law.throughput_at(concurrency)) == pytest.approx(concurrency, rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(laws)
def test_nothing_exceeds_the_peak(law):
    """The peak throughput is that at the peak concurrency, and more than on either side."""
    if math.isfinite(law.peak_concurrency):
        assert law.throughput_at(law.peak_concurrency) == pytest.approx(law.peak_throughput)
    for concurrency in (0.9 * law.peak_concurrency, 1.1 * law.peak_concurrency, 1e9):
        assert law.throughput_at(min(concurrency, 1e100)) <= law.peak_throughput * (1 + 1e-12)


def test_peak_can_be_asked_for():
    """Rounding does not make the peak itself infeasible."""
    assert CISCO.concurrency_at(CISCO.throughput_at(CISCO.peak_concurrency)) == pytest.approx(
        CISCO.peak_concurrency, rel=1e-6
    )


def test_usl_at_one_is_the_unit_throughput():
    """X(1) = gamma."""
    assert CISCO.throughput_at(1) == 995.6486


def test_without_costs_it_is_a_line():
    """USL with both costs zero is Linear; Amdahl's law is the USL without coherency."""
    levels = np.arange(1.0, 50)
    np.testing.assert_allclose(Usl(7, 0, 0).throughput_at(levels), Linear(7).throughput_at(levels))
    np.testing.assert_allclose(Usl(7, 0.1, 0).throughput_at(levels), Amdahl(7, 0.1).throughput_at(levels))
    assert Linear(7).concurrency_at(700.0) == 100.0
    assert Linear(7).peak_throughput == Linear(7).peak_concurrency == math.inf


def test_small_coherency_is_the_limit_without():
    """The inverse is smooth as coherency vanishes."""
    assert Usl(100, 0.05, 1e-15).concurrency_at(900.0) == pytest.approx(
        Amdahl(100, 0.05).concurrency_at(900.0), rel=1e-9
    )


def test_throughput_beyond_the_peak_is_refused():
    """A known USL library answers 58 ms at 400 req/s for this system, which peaks at 84."""
    with pytest.raises(DomainError, match=r"throughput 400 req/s is never reached: .* below 84\.2152 req/s"):
        Usl(40, 0.06, 0.06).concurrency_at(400)


def test_asymptote_is_never_reached():
    """Amdahl's limit gamma / alpha needs infinite concurrency."""
    law = Amdahl(100, 0.05)
    assert law.peak_throughput == 2000
    with pytest.raises(DomainError, match="never reached"):
        law.concurrency_at(2000.0)


def test_response_time_below_that_of_an_idle_system_is_refused():
    """No concurrency gives less than the law starts with; a line has the same response time everywhere."""
    with pytest.raises(
        DomainError, match=r"response time 0\.01 s is not on the law, which starts at 0\.0235 s"
    ):
        Usl(40, 0.06, 0.06).concurrency_at_response_time(0.01)
    with pytest.raises(DomainError, match="not on the law"):
        Linear(40).concurrency_at_response_time(0.025)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0, 0), "unit throughput 0 is not allowed; give a finite number above 0"),
        ((1, 1.0, 0), "contention 1 is not a fraction, 0 or above and below 1"),
        ((1, -0.1, 0), "contention -0.1 is not a fraction"),
        ((1, 0.1, 1.5), "coherency 1.5 is not a fraction between 0 and 1"),
        ((1, float("nan"), 0), "contention nan is not a fraction"),
    ],
)
def test_parameters_outside_their_range_are_refused(arguments, message):
    """Constructing a law validates it."""
    with pytest.raises(DomainError, match=message):
        Usl(*arguments)


def test_negative_concurrency_is_refused():
    """Also inside an array."""
    with pytest.raises(DomainError, match="concurrency -1 is not allowed"):
        CISCO.throughput_at(np.array([3.0, -1.0]))


LEVELS = np.array([1.0, 2, 4, 8, 16, 24, 32, 48, 64])
