"""The logarithmic convolution against the same sums in forty digits."""

import mpmath
import numpy as np
import pytest

from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.convolution import Factor, Populations, weights_of
from capacity.models.networks.exact import solve


def slow(demands, population, think_time, rates):
    """Throughput and numbers present of one class, in forty digits; rates(k, j) of station k with j present."""
    with mpmath.workdps(40):
        parts = [[mpmath.mpf(think_time) ** n / mpmath.factorial(n) for n in range(population + 1)]]
        for k, demand in enumerate(demands):
            part = [mpmath.mpf(1)]
            for j in range(1, population + 1):
                part.append(part[-1] * mpmath.mpf(demand) / mpmath.mpf(rates(k, j)))
            parts.append(part)

        def product(chosen):
            total = chosen[0]
            for part in chosen[1:]:
                total = [
                    mpmath.fsum(total[i] * part[n - i] for i in range(n + 1)) for n in range(population + 1)
                ]
            return total

        weights = product(parts)
        present = []
        for k in range(len(demands)):
            others = product(parts[: k + 1] + parts[k + 2 :])
            moments = (j * parts[k + 1][j] * others[population - j] for j in range(population + 1))
            present.append(float(mpmath.fsum(moments) / weights[population]))
        return float(weights[population - 1] / weights[population]), present


@pytest.mark.parametrize("users", [1, 7, 60])
@pytest.mark.parametrize("servers", [2, 7, 30])
def test_several_servers(users, servers):
    """A station of several servers beside a faster single one, at populations around the number of servers."""
    network = ClosedNetwork.single([0.4, 0.03], users, 1.0, [servers, 1])
    throughput, present = slow([0.4, 0.03], users, 1.0, lambda k, j: 1 if k else min(j, servers))
    solution = solve(network)
    assert solution.throughput[0] == pytest.approx(throughput, rel=1e-12)
    assert solution.concurrency[0] == pytest.approx(present, rel=1e-11)


def test_two_stations_of_varying_rate():
    """Rates that fall under load, and others that jump; the last of each list holds for more."""
    lists = [[1, 1.9, 2.5, 1.4, 0.7], [3, 1, 2]]
    network = ClosedNetwork.single([0.2, 0.3, 0.1], 40, 0.5, (), [*lists, None])

    def rate(k, j):
        return lists[k][min(j, len(lists[k])) - 1] if k < 2 else 1

    throughput, present = slow([0.2, 0.3, 0.1], 40, 0.5, rate)
    solution = solve(network)
    assert solution.throughput[0] == pytest.approx(throughput, rel=1e-12)
    assert solution.concurrency[0] == pytest.approx(present, rel=1e-11)


def test_no_digits_are_lost_with_many_users():
    """With 20,000 users and 64 servers the bottleneck sets the throughput, and all users are somewhere."""
    solution = solve(ClosedNetwork.single([0.4, 0.006], 20_000, 5.0, [64, 1]))
    assert solution.throughput[0] == pytest.approx(64 / 0.4, rel=1e-10)
    assert solution.concurrency.sum() + 5 * solution.throughput[0] == pytest.approx(20_000, rel=1e-9)


def test_one_server_gives_powers_of_the_demand():
    """A single station alone: G(n) = Dⁿ."""
    weights = weights_of(Populations((6,)), np.zeros(1), [Factor(np.array([0.3]), (1.0,))])
    assert weights == pytest.approx(np.arange(7) * np.log(0.3))


def test_two_classes_at_one_server_are_counted_in_every_order():
    """G(n) = |n|! Π D^n / n!: the multinomial coefficient."""
    weights = weights_of(Populations((2, 3)), np.zeros(2), [Factor(np.array([0.3, 0.7]), (1.0,))])
    assert np.exp(weights[2, 3]) == pytest.approx(10 * 0.3**2 * 0.7**3)
