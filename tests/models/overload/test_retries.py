"""What repeating failed calls does to success and to load. Numbers from the test vectors of levers.md."""

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.retries import (
    layered_amplification,
    mean_attempts,
    metastable_safe_load,
    residual_failure,
    worst_amplification,
)


def test_two_retries_cure_independent_failures():
    """R1, R2: at 5% failures 0.000125 are left, for 1.0525 times the load."""
    assert residual_failure(0.05, 3) == pytest.approx(0.000125)
    assert mean_attempts(0.05, 3) == pytest.approx(1.0525)


def test_when_everything_fails_every_attempt_is_made():
    """R3: two retries are three times the load."""
    assert mean_attempts(1.0, 3) == 3


@pytest.mark.parametrize(("budget", "safe"), [(None, 100), (0.1, 300 / 1.1), (0.2, 250), (5.0, 100)])
def test_metastable_safe_load(budget, safe):
    """R4 to R6: capacity over the worst amplification, which a budget caps."""
    assert metastable_safe_load(300, worst_amplification(3, budget)) == pytest.approx(safe)


@pytest.mark.parametrize(("attempts", "layers", "calls"), [(4, 3, 64), (3, 5, 243), (7, 1, 7)])
def test_layers_multiply(attempts, layers, calls):
    """64 is the SRE book's example, 3^5 = 243 that of the AWS Builders' Library."""
    assert layered_amplification(attempts, layers) == calls


def test_persistent_failures_stay():
    """A3: of 1% failures 30% are persistent."""
    assert residual_failure(0.01, 3, persistent_share=0.3) == pytest.approx(0.003 + 0.007 * 1e-4)


@pytest.mark.parametrize("failing", [0.0, 1e-12, 0.3, 0.999, 1 - 1e-9, 1 - 1e-15])
def test_mean_attempts_to_thirteen_digits(failing):
    """1 + p + ... + p^(m-1), near p = 1 too."""
    with mpmath.workdps(40):
        exact = mpmath.fsum(mpmath.mpf(failing) ** i for i in range(7))
    assert abs(mean_attempts(failing, 7) / exact - 1) < 1e-13


def test_attempts_are_failures_plus_the_success():
    """A (1 - p) = 1 - p^m, for arrays of both."""
    failing, attempts = np.array([0.1, 0.5, 0.9]), np.array([1.0, 3.0, 10.0])
    assert mean_attempts(failing, attempts) * (1 - failing) == pytest.approx(
        1 - residual_failure(failing, attempts)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_attempts(1.5, 3), r"failure probability 1\.5 is not allowed; give 0 to 1"),
        (lambda: mean_attempts(0.5, 0), "max attempts 0 is not allowed"),
        (lambda: residual_failure(0.5, 3, -0.1), r"persistent share -0\.1"),
        (lambda: layered_amplification(3, 0), "layers 0"),
        (lambda: worst_amplification(3, -0.1), r"retry budget -0\.1"),
        (lambda: metastable_safe_load(300, 0.5), r"amplification 0\.5"),
        (lambda: metastable_safe_load(np.array([1.0, -1.0]), 2), "capacity -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity, the value and what is allowed."""
    with pytest.raises(DomainError, match=message):
        call()
