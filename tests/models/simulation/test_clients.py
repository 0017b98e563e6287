"""What clients can be asked to do, and what is refused."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Backoff, Breaker, Clients, RateLimit, RetryBudget, Users


def test_delays():
    """Pauses grow by the factor up to the cap."""
    assert Backoff(1.0, 3.0, 5.0).delays(4) == (1.0, 3.0, 5.0, 5.0)


def test_no_backoff():
    """Without a base the next attempt comes at once."""
    assert Backoff().delays(3) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Backoff(-1.0), "base of backoff -1 is not allowed"),
        (lambda: Backoff(1.0, 0.5), "give 1 or more"),
        (lambda: Backoff(1.0, cap=0.5), "cap 0.5 s is below the base 1 s"),
        (lambda: RetryBudget(-0.1), "0 or above"),
        (lambda: RetryBudget(0.1, burst=0.5), "never holds a whole token"),
        (lambda: Breaker(window=0), "whole number, 1 or above"),
        (lambda: Breaker(threshold=50), "write 50% as 0.5"),
        (lambda: RateLimit(0.0), "above 0"),
        (lambda: RateLimit(1.0, burst=math.inf), "lets nothing through"),
        (lambda: Users(0), "whole number, 1 or above"),
        (lambda: Clients(5.0), "arrivals 5.0 are neither Users nor such as Poisson"),
        (lambda: Clients(Poisson(1.0), timeout=-1.0), "time out -1 is not allowed"),
        (lambda: Clients(Poisson(1.0), timeout=np.int64(-1)), "time out -1 is not allowed"),
        (lambda: Clients(Poisson(1.0), cancels="some"), "choose among nothing, waiting, all"),
        (lambda: Clients(Poisson(1.0), max_attempts=0), "whole number, 1 or above"),
        (lambda: Clients(Poisson(1.0), mix=(0.5, 0.4)), "add to 1"),
    ],
)
def test_refused(make, message):
    """What makes no sense is refused with what does."""
    with pytest.raises(DomainError, match=message):
        make()
