"""What a simulated station answers: the same questions as every formula, each with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.models.inverse import IDLE, check_feasible, fewest_servers, largest_rate
from capacity.models.simulation import statistics
from capacity.shown import Shown

SLOTS = 5120
"""Equal parts of the observed time in which numbers present are averaged."""
_UNITS = {
    "waiting_time": "s",
    "response_time": "s",
    "wait_probability": "",
    "utilization": "",
    "throughput": "req/s",
    "queue_length": "requests",
    "concurrency": "requests",
}


class Times:
    """Waiting and response times of the answered requests of a run, and what is asked of them.

    Its heirs have these series, a seed, and `estimate`, which gives intervals.
    """

    seed: int

    @property
    def requests(self) -> int:
        """Requests in the answers, those of the warm-up left out [requests]."""
        raise NotImplementedError

    @property
    def _waits(self) -> np.ndarray:
        raise NotImplementedError

    @property
    def _responses(self) -> np.ndarray:
        raise NotImplementedError

    def estimate(self, name: str, q: float | None = None, level: float = 0.99) -> Estimate:
        """Return one of the answers with its interval."""
        raise NotImplementedError

    @property
    def method(self) -> str:
        """How the answers were found."""
        return f"simulation of {self.requests} requests, seed {self.seed}"

    @cached_property
    def error(self) -> float:
        """Longer side of the 99 % interval of the P99 of the response time, over its value [fraction]."""
        return statistics.relative_width(self.estimate("response_time", 0.99))

    @property
    def wait_probability(self) -> float:
        """Share of answered requests that are not served all the time they are there [fraction]."""
        return float((self._waits > 0).mean())

    @property
    def waiting_time(self) -> float:
        """Mean time without service; in a network, of the attempt that was answered [s]."""
        return float(self._waits.mean())

    @property
    def response_time(self) -> float:
        """Mean time from arrival, in a network from the first attempt, to the answer [s]."""
        return float(self._responses.mean())

    def waiting_time_survival(self, t: float) -> float:
        """Share of answered requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return float((self._waits > t).mean())

    def response_time_survival(self, t: float) -> float:
        """Share of answered requests that take longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return float((self._responses > t).mean())

    def waiting_time_quantile(self, q: float) -> float:
        """Waiting time not exceeded by the share q of answered requests [s]."""
        domain.fraction(quantile=q)
        return float(np.quantile(self._waits, q))

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of answered requests [s]."""
        domain.fraction(quantile=q)
        return float(np.quantile(self._responses, q))


@dataclass(frozen=True, eq=False)
class Simulated(Times, Shown):
    """The path of one run, a value for each request in the order of arrival, and all that can be asked of it.

    Parameters
    ----------
    arrivals, waiting, service : ndarray
        Time of arrival, time in the station without being served, and work, of each request. [s]
    servers : int
        [servers]
    skipped : int
        Requests at the start that count as warm-up and are left out of every answer. [requests]
    model : object, optional
        What was simulated; it is run again, with the same draws, for the inverse questions.
    seed : int
        Of the run. [1]

    Examples
    --------
    >>> import capacity as cap
    >>> station = cap.simulation.Queue(cap.simulation.Poisson(300), cap.distributions.Exponential(0.02), servers=8)
    >>> path = station.simulate(20_000, seed=1)
    >>> round(path.utilization, 2), round(path.response_time, 3)  # [fraction], [s]
    (0.76, 0.024)
    """

    arrivals: np.ndarray
    waiting: np.ndarray
    service: np.ndarray
    servers: int
    skipped: int
    model: Any = None
    seed: int = 0

    @classmethod
    def of_path(
        cls,
        arrivals: np.ndarray,
        waiting: np.ndarray,
        service: np.ndarray,
        servers: int,
        *,
        warm_up: float | str,
        model: Any = None,
        seed: int = 0,
    ) -> Simulated:
        """Leave out a share of the requests as warm-up, or what MSER-5 finds for ``"auto"``.

        Parameters
        ----------
        arrivals, waiting, service : ndarray
            Of each request, in the order of arrival. [s]
        servers : int
            [servers]
        warm_up : float or "auto"
            Share of the requests to leave out. [fraction]
        """
        skipped = statistics.skipped(waiting + service, warm_up)
        return cls(arrivals, waiting, service, servers, skipped, model, seed)

    @property
    def requests(self) -> int:
        """Requests in the answers, those of the warm-up left out [requests]."""
        return self.arrivals.size - self.skipped

    @property
    def arrival_rate(self) -> float:
        """Requests that arrived, over the time observed [req/s]."""
        return (self.requests - 1) / self._observed

    @property
    def service_rate(self) -> float:
        """One over the mean work [1/s]."""
        return 1 / float(self.service[self.skipped :].mean())

    @property
    def blocking_probability(self) -> float:
        """Share of requests refused: none, the queue is unbounded [fraction]."""
        return 0.0

    @property
    def utilization(self) -> float:
        """Work done over what the servers could do [fraction]."""
        return float(self._series("utilization").mean())

    @property
    def throughput(self) -> float:
        """Completed rate [req/s]."""
        return float(self._series("throughput").mean())

    @property
    def queue_length(self) -> float:
        """Mean number present beyond those served, over time [requests]."""
        return float(self._series("queue_length").mean())

    @property
    def concurrency(self) -> float:
        """Mean number present, over time [requests]."""
        return float(self._series("concurrency").mean())

    def estimate(self, name: str, q: float | None = None, level: float = 0.99) -> Estimate:
        """Return one of the answers with its interval [unit of the answer].

        Parameters
        ----------
        name : str
            Such as ``"response_time"`` or ``"utilization"``.
        q : float, optional
            Asks for this quantile, of the waiting or the response time; the mean is given without it. [fraction]
        level : float
            Confidence of the interval. [fraction]

        Raises
        ------
        DomainError
            If there is no answer of that name.
        NotIdentified
            If the run is too short for an interval.
        """
        if name not in _UNITS or (q is not None and _UNITS[name] != "s"):
            asked = name if q is None else f"the {q:g} quantile of {name}"
            raise DomainError(
                f"no interval for {asked}; ask for {', '.join(_UNITS)}, or a quantile of the first two"
            )
        if q is not None:
            return statistics.quantile(self._series(name), q, unit="s", level=level)
        return statistics.mean(self._series(name), unit=_UNITS[name], level=level)

    def max_arrival_rate(self, slo: float, quantile: float | None = None) -> float:
        """Largest rate at which the mean response time, or a quantile, keeps the SLO, with the same draws [req/s].

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO.
        NotIdentified
            If the run is too short at that rate.
        """
        model = self._model()
        limit = model.servers / model.service.mean
        rate = largest_rate(lambda one: self._with_rate(one)._answer(quantile), limit, slo)
        self._with_rate(rate).estimate("response_time", quantile, level=0.9)
        return rate

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Fewest servers that keep the mean response time, or a quantile, within the SLO; same draws [servers].

        Raises as `max_arrival_rate`.
        """
        model = self._model()
        limit = model.servers / model.service.mean
        check_feasible(self._with_rate(limit * IDLE)._answer(quantile), slo)
        load = model.arrivals.rate * model.service.mean

        def run(servers: int) -> Simulated:
            return self._again(replace(model, servers=servers))

        found = fewest_servers(lambda servers: run(servers)._answer(quantile), load, slo)
        run(found).estimate("response_time", quantile, level=0.9)
        return found

    def _model(self) -> Any:
        if self.model is None:
            raise DomainError("one class of several has no largest rate of its own; vary the whole model")
        return self.model

    def _with_rate(self, rate: float) -> Simulated:
        return self._again(replace(self.model, arrivals=self.model.arrivals.at(rate)))

    def _again(self, model: Any) -> Simulated:
        return model.simulate(self.arrivals.size, self.seed, warm_up=self.skipped / self.arrivals.size)

    def _answer(self, quantile: float | None) -> float:
        return self.response_time if quantile is None else self.response_time_quantile(quantile)

    @cached_property
    def _waits(self) -> np.ndarray:
        return self.waiting[self.skipped :]

    @cached_property
    def _responses(self) -> np.ndarray:
        return self._waits + self.service[self.skipped :]

    @cached_property
    def _observed(self) -> float:
        return float(self.arrivals[-1] - self.arrivals[self.skipped])

    def _series(self, name: str) -> np.ndarray:
        """Return the values a mean is taken over: one for each request, or one for each slot of time."""
        ask: dict[str, Callable[[], np.ndarray]] = {
            "waiting_time": lambda: self._waits,
            "response_time": lambda: self._responses,
            "wait_probability": lambda: (self._waits > 0).astype(float),
            "utilization": lambda: self._done(self.service) / self.servers,
            "throughput": lambda: self._done(np.ones_like(self.service)),
            "queue_length": lambda: self._present - self._done(self.service),
            "concurrency": lambda: self._present,
        }
        return ask[name]()

    @cached_property
    def _departures(self) -> np.ndarray:
        """Departures after the start of observation [s]."""
        return self.arrivals + self.waiting + self.service - self.arrivals[self.skipped]

    def _done(self, worth: np.ndarray) -> np.ndarray:
        """Worth of the requests that depart in each slot, per second."""
        inside = (self._departures >= 0) & (self._departures < self._observed)
        slot = (self._departures[inside] * (SLOTS / self._observed)).astype(np.int64)
        sums = np.bincount(np.minimum(slot, SLOTS - 1), worth[inside], SLOTS)
        return sums * (SLOTS / self._observed)

    @cached_property
    def _present(self) -> np.ndarray:
        """Mean number present in each slot."""
        edges = np.linspace(0, self._observed, SLOTS + 1)
        come = _elapsed(self.arrivals - self.arrivals[self.skipped], edges)
        gone = _elapsed(np.sort(self._departures), edges)
        return np.diff(come - gone) * (SLOTS / self._observed)


def _elapsed(moments: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Time passed since each of the sorted moments, summed over those before each edge."""
    count = np.searchsorted(moments, edges)
    return count * edges - np.concatenate([[0.0], np.cumsum(moments)])[count]
