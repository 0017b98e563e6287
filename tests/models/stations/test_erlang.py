"""Erlang's formulas against 50-digit arithmetic."""

import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.stations.erlang import erlang_b, erlang_c

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
def test_blocking_to_twelve_digits(servers, per_server):
    """Relative error below 1e-12 wherever the answer is a normal float."""
    exact = exact_blocking(servers, per_server * servers)
    found = erlang_b(servers, per_server * servers)
    assert abs(found / exact - 1) < 1e-12 if exact > 1e-300 else found < 1e-299


@pytest.mark.parametrize("servers", [1, 2, 7, 30, 150, 1000, 4000])
@pytest.mark.parametrize("per_server", LOADS)
def test_waiting_to_twelve_digits(servers, per_server):
    """The same for the wait probability, up to a utilization of 1 - 1e-9."""
    load = per_server * servers
    with mpmath.workdps(50):
        blocking = exact_blocking(servers, load)
        exact = servers * blocking / (servers - mpmath.mpf(load) * (1 - blocking))
    found = erlang_c(servers, load)
    assert abs(found / exact - 1) < 1e-12 if exact > 1e-300 else found < 1e-299


def points(number, above, seed):
    """Servers to a million, evenly on a log scale, and loads around them: far below, near, and up to `above`."""
    rng = np.random.default_rng(seed)
    servers = np.floor(np.exp(rng.uniform(0, math.log(1e6), number)))
    deviations = np.where(rng.random(number) < 0.5, rng.uniform(-36, 8, number), rng.uniform(-4, 6, number))
    load = servers + deviations * np.sqrt(servers)
    load = np.where(load > 0, load, servers * rng.random(number))
    closest = servers * (1 - 10 ** rng.uniform(-9, -2, number))
    return servers, load if above else np.where(load < servers, load, closest)


def test_blocking_of_seven_hundred_systems():
    """Scalars and arrays to twelve digits, in light load and in overload, for up to a million servers."""
    servers, load = points(700, above=True, seed=1)
    exact = [exact_blocking_of_many(int(c), a) for c, a in zip(servers, load, strict=True)]
    for c, a, true, found in zip(servers, load, exact, erlang_b(servers, load), strict=True):
        if true > 1e-300:
            assert abs(found / true - 1) < 1e-12, (c, a)
            assert abs(erlang_b(int(c), float(a)) / true - 1) < 1e-12, (c, a)


def test_waiting_of_seven_hundred_systems():
    """The same for the wait probability, up to a utilization of 1 - 1e-9."""
    servers, load = points(700, above=False, seed=2)
    for c, a, found in zip(servers.tolist(), load.tolist(), erlang_c(servers, load), strict=True):
        blocking = exact_blocking_of_many(int(c), a)
        with mpmath.workdps(50):
            true = c * blocking / (c - mpmath.mpf(a) * (1 - blocking))
        if true > 1e-300:
            assert abs(found / true - 1) < 1e-12, (c, a)
            assert abs(erlang_c(int(c), a) / true - 1) < 1e-12, (c, a)


@pytest.mark.parametrize("servers", [1, 40, 41, 1000, 10**6])
def test_deep_overload_refuses_what_the_servers_cannot_carry(servers):
    """At a hundred times what they can serve, B is 1 - c / a and a little more: c / a²."""
    load = 100.0 * servers
    excess = erlang_b(servers, load) - (1 - servers / load)
    assert excess == pytest.approx(servers / load**2, rel=0.05)


def test_arrays_are_matched_like_any_others():
    """One number of servers with many loads, a column with a row, a list with a list."""
    assert erlang_c(10, np.array([0.0, 7.0])).tolist() == [0.0, pytest.approx(erlang_c(10, 7.0), rel=1e-14)]
    assert erlang_b(np.array([[1], [2]]), np.array([0.5, 0.6, 0.7])).shape == (2, 3)
    assert erlang_b([1, 2], [1.0, 1.0]) == pytest.approx([0.5, 0.2])


def test_numbers_of_numpy_are_numbers():
    """A load taken from an array gives a number, not an array."""
    assert isinstance(erlang_c(np.int64(10), np.float64(7.0)), float)


def test_few_servers_need_no_scipy():
    """The answer at the command line does not wait for an import."""
    code = (
        "import sys; from capacity.models.stations.erlang import erlang_c; erlang_c(40, 39.0); "
        "print({'scipy', 'numpy'} & sys.modules.keys())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"


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


def test_arrays_are_checked_too():
    """The first value outside the domain is named."""
    with pytest.raises(DomainError, match=r"servers 2\.5 is not allowed"):
        erlang_b([2, 2.5], 1.0)
    with pytest.raises(DomainError, match="offered load -1 is not allowed"):
        erlang_b([2, 2], [1.0, -1.0])
    with pytest.raises(Unstable, match="use at least 11 servers"):
        erlang_c([10, 10], [9.0, 10.0])
