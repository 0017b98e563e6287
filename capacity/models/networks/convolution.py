"""Exact answers of closed networks by convolution, whatever their stations, for all populations up to a given one.

The weight of a population n = (n_1, n_2, ...) is the coefficient of z^n in the product over the stations of
F(Σ D_c z_c), F(x) = Σ_j x^j / (α(1) ... α(j)), α(j) being how many times as fast the station works with j present.
All terms are positive and kept as logarithms, so nothing cancels and nothing overflows; multiplying by Σ D_c z_c
is a shift along each class, and once α stays constant the rest of F is a geometric series.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Populations:
    """All populations from nobody up to a given number of each class, the last class being the largest.

    Parameters
    ----------
    population : tuple of int
        Most customers of each class.
    """

    population: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of an array over the populations."""
        return tuple(count + 1 for count in self.population)

    def thinking(self, times: np.ndarray) -> np.ndarray:
        """Log weights of the customers that nobody keeps waiting, Π Z_c^n_c / n_c!."""
        weights = np.zeros(self.shape)
        for axis, (count, time) in enumerate(zip(self.population, times, strict=True)):
            steps = np.full(count + 1, -np.inf)
            steps[0] = 0.0
            if time > 0:
                steps[1:] = np.cumsum(np.log(time / np.arange(1, count + 1)))
            weights += steps.reshape([-1 if other == axis else 1 for other in range(len(self.population))])
        return weights

    def shifted(self, weights: np.ndarray, demands: np.ndarray) -> np.ndarray:
        """Log weights times Σ D_c z_c."""
        result = np.full(self.shape, -np.inf)
        for axis, demand in enumerate(demands):
            if demand > 0:
                here, before = self._one_less(axis)
                result[here] = np.logaddexp(result[here], weights[before] + math.log(demand))
        return result

    def queued(self, weights: np.ndarray, demands: np.ndarray) -> np.ndarray:
        """Log weights times the series 1 / (1 - Σ D_c z_c), in rows along the last class, level by level."""
        rows = weights.reshape(-1, self.shape[-1]).copy()
        slope = math.log(demands[-1]) * np.arange(self.shape[-1]) if demands[-1] > 0 else None
        for level, sources in self._levels:
            block = rows[level]
            for (places, before), demand in zip(sources, demands[:-1], strict=True):
                if demand > 0:
                    block[places] = np.logaddexp(block[places], rows[before] + math.log(demand))
            if slope is not None:
                block = np.logaddexp.accumulate(block - slope, axis=1) + slope
            rows[level] = block
        return rows.reshape(self.shape)

    def _one_less(self, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        every = [slice(None)] * len(self.population)
        here, before = every.copy(), every.copy()
        here[axis], before[axis] = slice(1, None), slice(None, -1)
        return tuple(here), tuple(before)

    @cached_property
    def _levels(self) -> list[tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]]:
        """Rows by the number of customers in all classes but the last, each with the rows of one customer less."""
        leading = self.shape[:-1]
        cells = np.indices(leading).reshape(len(leading), math.prod(leading))
        strides = [math.prod(leading[axis + 1 :]) for axis in range(len(leading))]
        total = cells.sum(axis=0)
        levels = []
        for number in range(sum(self.population[:-1]) + 1):
            rows = np.flatnonzero(total == number)
            places = [np.flatnonzero(cells[axis, rows]) for axis in range(len(leading))]
            sources = [(at, rows[at] - stride) for at, stride in zip(places, strides, strict=True)]
            levels.append((rows, sources))
        return levels


@dataclass(frozen=True, eq=False)
class Factor:
    """What one station contributes: demands by class, and its relative rate with 1, 2, ... present.

    Parameters
    ----------
    demands : ndarray
        By class. [s]
    rates : tuple of float
        α(1), α(2), ...; the last holds for more.
    """

    demands: np.ndarray
    rates: tuple[float, ...]

    def times(self, populations: Populations, weights: np.ndarray) -> np.ndarray:
        """Log weights times F, by Horner's rule from the geometric end of the series."""
        logs = self._coefficients
        result = populations.queued(weights, self.demands / self.rates[-1]) + logs[-1]
        for log in logs[-2::-1]:
            result = np.logaddexp(populations.shifted(result, self.demands), weights + log)
        return result

    def derivative(self, populations: Populations, others: np.ndarray) -> np.ndarray:
        """Log weights of the other stations times F'."""
        logs, tail = self._coefficients, self.demands / self.rates[-1]
        once = populations.queued(others, tail)
        twice = populations.queued(once, tail)
        last = len(logs) - 1
        if last > 1:
            twice = np.logaddexp(twice, once + math.log(last - 1))
        result = twice + logs[last]
        for j in range(last - 1, 0, -1):
            result = np.logaddexp(populations.shifted(result, self.demands), others + logs[j] + math.log(j))
        return result

    @cached_property
    def _coefficients(self) -> np.ndarray:
        """Logarithms of 1 / (α(1) ... α(j)) up to where the series becomes geometric."""
        return np.concatenate([[0.0], -np.cumsum(np.log(self.rates[:-1]))])


def weights_of(populations: Populations, thinking: np.ndarray, factors: Sequence[Factor]) -> np.ndarray:
    """Log weights G of all populations; the throughput of class c is G(n - 1_c) / G(n).

    Parameters
    ----------
    populations : Populations
        The populations.
    thinking : ndarray
        Time each class spends where nobody waits. [s]
    factors : sequence of Factor
        The stations where one may wait.

    References
    ----------
    .. [1] Reiser and Kobayashi, Queueing networks with multiple closed chains, IBM J. Res. Dev. 19, 1975.

    Examples
    --------
    >>> disks = [Factor(np.array([demand]), (1.0,)) for demand in (0.605, 2.1, 1.35)]
    >>> weights = weights_of(Populations((3,)), np.array([15.0]), disks)
    >>> round(float(np.exp(weights[2] - weights[3])), 6)
    0.151516
    """
    weights = populations.thinking(thinking)
    for factor in factors:
        weights = factor.times(populations, weights)
    return weights


def presence_of(
    populations: Populations, thinking: np.ndarray, factors: Sequence[Factor], weights: np.ndarray
) -> Iterator[np.ndarray]:
    """Log weights H of each station in turn; the customers of class c there are D_c H(n - 1_c) / G(n).

    H has F' in place of the station's F. For a constant rate F' = F² / α: all weights, once more.

    Parameters
    ----------
    populations, thinking, factors
        As in `weights_of`.
    weights : ndarray
        What it returned.
    """
    for station, factor in enumerate(factors):
        if len(factor.rates) == 1:
            rate = factor.rates[0]
            yield populations.queued(weights, factor.demands / rate) - math.log(rate)
        else:
            others = [other for number, other in enumerate(factors) if number != station]
            yield factor.derivative(populations, weights_of(populations, thinking, others))
