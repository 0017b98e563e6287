"""Erlang's formulas against 50-digit arithmetic."""

import mpmath
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.erlang import erlang_b, erlang_c

LOADS = [0.01, 0.3, 0.8, 0.99, 1 - 1e-6, 1 - 1e-9]


def exact_blocking(servers: int, load: float) -> mpmath.mpf:
    """Recursion B(n) = a B(n-1) / (n + a B(n-1)) in 50 digits."""
    with mpmath.workdps(50):
        blocking, load = mpmath.mpf(1), mpmath.mpf(load)
        for n in range(1, servers + 1):
            blocking = load * blocking / (n + load * blocking)
        return blocking


def exact_blocking_of_many(servers: int, load: float) -> mpmath.mpf:
    """Poisson probability over incomplete gamma function, in 50 digits."""
    with mpmath.workdps(50):
        load = mpmath.mpf(load)
        last = mpmath.exp(servers * mpmath.log(load) - load - mpmath.loggamma(servers + 1))
        return last / mpmath.gammainc(servers + 1, load, mpmath.inf, regularized=True)


@pytest.mark.parametrize("servers", [1, 2, 7, 30, 150, 1000, 4000])
@pytest.mark.parametrize("per_server", [*LOADS, 1.0, 1.5, 20.0])
def test_blocking_to_thirteen_digits(servers, per_server):
    """Relative error below 1e-13 wherever the answer is a normal float."""
    exact = exact_blocking(servers, per_server * servers)
    found = erlang_b(servers, per_server * servers)
    assert abs(found / exact - 1) < 1e-13 if exact > 1e-300 else found < 1e-299


@pytest.mark.parametrize("servers", [1, 2, 7, 30, 150, 1000, 4000])
@pytest.mark.parametrize("per_server", LOADS)
def test_waiting_to_thirteen_digits(servers, per_server):
    """The same for the wait probability, up to a utilization of 1 - 1e-9."""
    load = per_server * servers
    with mpmath.workdps(50):
        blocking = exact_blocking(servers, load)
        exact = servers * blocking / (servers - mpmath.mpf(load) * (1 - blocking))
    found = erlang_c(servers, load)
    assert abs(found / exact - 1) < 1e-13 if exact > 1e-300 else found < 1e-299


@pytest.mark.parametrize(
    ("servers", "load"),
    [(10**5, 99_841.886), (10**5, 99_000.0), (10**6, 999_500.0), (10**6, 999_999.999)],
)
def test_very_many_servers(servers, load):
    """A million servers keep twelve digits."""
    assert abs(erlang_b(servers, load) / exact_blocking_of_many(servers, load) - 1) < 1e-12


@pytest.mark.parametrize(
    ("servers", "load", "blocking"), [(2, 0.065, 0.002), (2, 0.046, 0.001), (100, 84.1, 0.01)]
)
def test_printed_traffic_table(servers, load, blocking):
    """Rappaport, Wireless Communications, 2nd ed., table 3.4: loads printed to two or three digits."""
    assert erlang_b(servers, load) == pytest.approx(blocking, rel=0.02)


def test_one_server_waits_when_busy():
    """With one server the wait probability is the utilization, the blocking a / (1 + a)."""
    assert erlang_c(1, 0.7) == pytest.approx(0.7, rel=1e-15)
    assert erlang_b(1, 0.7) == pytest.approx(0.7 / 1.7, rel=1e-15)


def test_without_load_nobody_is_refused_or_waits():
    """Both are zero at zero load."""
    assert erlang_b(3, 0.0) == erlang_c(3, 0.0) == 0.0


def test_full_load_is_unstable():
    """The message names the servers it takes."""
    with pytest.raises(Unstable, match="use at least 11 servers or lower the rate"):
        erlang_c(10, 10.0)


def test_servers_are_counted_in_whole_numbers():
    """Half a server and a negative load are refused."""
    with pytest.raises(DomainError, match=r"servers 2\.5 is not allowed; give a whole number"):
        erlang_b(2.5, 1.0)
    with pytest.raises(DomainError, match="offered load -1 is not allowed"):
        erlang_b(2, -1.0)
