"""Services that could be behind the measurements, each with the weight the measurements give it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.twomoments import Law, cells, quantile, waiting
from capacity.shown import Shown

_FULL = 0.9995  # utilization beyond which waiting is without bound
_UTILIZATIONS = 1 - np.geomspace(0.99, 0.001, 90)  # at which an objective is looked up
_READ = np.array(
    [0.02, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999]
)  # shares waiting is taken off at
_ROUNDS = 3  # of taking it off
_NOTICED = 1e-3  # wait relative to the mean that is worth taking off
_SHARED = {"rate", "alone"}  # attributes that are not an array of one number a world
_KEPT = 1e-4  # weight relative to the greatest from which a world counts


@dataclass(frozen=True, eq=False)
class Worlds(Shown):
    """Stations of equal workers behind one queue, one in each place of the arrays.

    The more requests are present, the longer each may take, S (1 + a N); by Little's law that is S / (1 - b ρ).
    With one worker and b = 1 it is a processor shared by all present.

    Parameters
    ----------
    servers : ndarray
        Workers. [workers]
    limit : ndarray
        Arrival rate that keeps all of them busy. [req/s]
    service_scv, arrival_scv : ndarray
        Squared coefficients of variation of the service times and of the times between arrivals. [1]
    contention : ndarray
        b above, below 1. [fraction]
    rate : float
        Arrival rate at which `alone` and `alone_mean` hold. [req/s]
    alone : Law
        Of the time a request takes when none waits, one a world; `alone_mean` is its mean. [s]
    alone_mean : ndarray
        [s]
    weights : ndarray
        Adding to 1. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> worlds = study.service.worlds
    >>> int(worlds.servers.min()), int(worlds.servers.max())  # [workers]
    (3, 13)
    """

    servers: np.ndarray
    limit: np.ndarray
    service_scv: np.ndarray
    arrival_scv: np.ndarray
    contention: np.ndarray
    rate: float
    alone: Law
    alone_mean: np.ndarray
    weights: np.ndarray

    @classmethod
    def seen_at(cls, rate: float, seen: Law, mean: float, **stations: np.ndarray) -> Worlds:
        """Make worlds whose response times at a low rate [req/s] have the law and the mean that were seen. [s]"""
        count = len(stations["servers"])
        every = Law(np.broadcast_to(seen.points, (count, len(seen.points))), seen.weights)
        weights = np.full(count, 1 / count)
        worlds = cls(**stations, rate=rate, alone=every, alone_mean=np.full(count, mean), weights=weights)
        wait, chance, decay = worlds._waits(np.array([rate]))
        alone = every.points
        waiting = wait[:, 0] > _NOTICED * mean
        if waiting.any():
            alone = alone.copy()
            alone[waiting] = _without_wait(alone[waiting], chance[waiting, 0], decay[waiting, 0])
        alone_mean = np.maximum(mean - wait[:, 0], alone[:, 0])
        return replace(worlds, alone=Law(alone, seen.weights), alone_mean=alone_mean)

    @property
    def service_time(self) -> np.ndarray:
        """Mean time a request holds a worker, at the rate at which `alone` holds. [s]"""
        return self._service_times(self.rate / self.limit[:, None])[:, 0]

    @property
    def delay(self) -> np.ndarray:
        """Mean time without waiting that holds no worker. [s]"""
        return np.maximum(self.alone_mean - self.service_time, 0.0)

    def weighed(self, weights: np.ndarray) -> Worlds:
        """Return the worlds that count, with these weights in place of their own [fraction]."""
        kept = np.flatnonzero(weights >= _KEPT * weights.max())
        return replace(self.chosen(kept), weights=weights[kept] / weights[kept].sum())

    def chosen(self, which: np.ndarray) -> Worlds:
        """Return some of the worlds, by their places [place, from 0]."""
        arrays = {f.name: getattr(self, f.name)[which] for f in fields(self) if f.name not in _SHARED}
        return Worlds(**arrays, rate=self.rate, alone=Law(self.alone.points[which], self.alone.weights))

    def mean(self, rates: np.ndarray) -> np.ndarray:
        """Mean response time by world and arrival rate [req/s]. [s]"""
        stretched = self._stretch(rates / self.limit[:, None])
        return self.alone_mean[:, None] * stretched + self._waits(rates)[0]

    def without_wait(self, rates: np.ndarray, q: float | None = None) -> np.ndarray:
        """Quantile, or mean, of the time of requests that do not wait, by world and arrival rate [req/s]. [s]"""
        if q is None:
            alone = self.alone_mean
        else:
            alone = self.alone.points[:, int(np.searchsorted(np.cumsum(self.alone.weights), q))]
        return alone[:, None] * self._stretch(rates / self.limit[:, None])

    def wait_probability(self, rates: np.ndarray) -> np.ndarray:
        """Share of requests that wait, by world and arrival rate [req/s]. [fraction]"""
        return self._waits(rates)[1]

    def quantile(self, rates: np.ndarray, q: float) -> np.ndarray:
        """Quantile of the response time by world and arrival rate [req/s]. [s]"""
        return self._quantile_at(rates / self.limit[:, None], q)

    def quantile_alone(self, q: float) -> np.ndarray:
        """Quantile of the response time by world at hardly any load. [s]"""
        return self._quantile_at(np.full((len(self.servers), 1), 1 - _UTILIZATIONS[-1]), q)[:, 0]

    def rate_keeping(self, q: float, limits: np.ndarray) -> np.ndarray:
        """Largest arrival rate whose response-time quantile is within each limit [s], by world; 0 for none. [req/s]"""
        busy = np.stack([np.interp(limits, row, _UTILIZATIONS, left=0.0) for row in self._rising(q)])
        return busy * self.limit[:, None]

    @cached_property
    def _tables(self) -> dict[float, np.ndarray]:
        """What `_rising` worked out, by quantile."""
        return {}

    def _rising(self, q: float) -> np.ndarray:
        """Quantile of the response time by world at `_UTILIZATIONS`, the same whatever its limit. [s]"""
        if q not in self._tables:
            shape = (len(self.servers), len(_UTILIZATIONS))
            times = self._quantile_at(np.broadcast_to(_UTILIZATIONS, shape), q)
            self._tables[q] = np.maximum.accumulate(times, axis=1)
        return self._tables[q]

    def _quantile_at(self, utilization: np.ndarray, q: float) -> np.ndarray:
        _, chance, decay = self._waits_at(np.minimum(utilization, _FULL))
        law = Law(self.alone.points[:, None, :], self.alone.weights)
        stretched = self._stretch(utilization)
        return stretched * quantile(law, chance, decay * stretched, q)

    def _stretch(self, utilization: np.ndarray) -> np.ndarray:
        """By how much longer than at `rate` a request takes that does not wait."""
        b = self.contention[:, None]
        return (1 - b * (self.rate / self.limit[:, None])) / (1 - b * np.minimum(utilization, _FULL))

    def _service_times(self, utilization: np.ndarray) -> np.ndarray:
        """Mean time a request holds a worker: at full load all of them just keep up. [s]"""
        b = self.contention[:, None]
        return (self.servers / self.limit)[:, None] * (1 - b) / (1 - b * utilization)

    def _waits(self, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._waits_at(np.minimum(rates / self.limit[:, None], _FULL))

    def _waits_at(self, utilization: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean wait [s], chance to wait and decay of longer waits [1/s] by world and share of the limit."""
        servers, time = self.servers[:, None], self._service_times(utilization)
        busy = utilization * self.limit[:, None] * time / servers
        poisson = erlang_c(servers, servers * busy) / (servers * (1 - busy))
        scvs = self.arrival_scv[:, None], self.service_scv[:, None]
        wait, chance, decay = waiting(busy, servers, poisson, *scvs)
        return wait * time, chance, decay / time


def _without_wait(seen: np.ndarray, chance: np.ndarray, decay: np.ndarray) -> np.ndarray:
    """Take the wait off measured times: what, with the wait added again, gives what was seen."""
    shares, weights = cells()
    alone = seen.copy()
    for _ in range(_ROUNDS):
        law = Law(alone, weights)
        again = np.stack([quantile(law, chance, decay, float(q)) for q in _READ], axis=1)
        at = np.stack([np.interp(_READ, shares, row) for row in seen])
        excess = np.stack([np.interp(shares, _READ, row) for row in again - at])
        alone = np.maximum.accumulate(np.maximum(alone - excess, 0.05 * seen), axis=1)
    return alone
