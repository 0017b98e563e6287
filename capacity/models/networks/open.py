"""Open networks: requests come from outside, go from station to station and leave; Jackson's, and Whitt's QNA."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.inverse import largest_rate
from capacity.models.networks.paths import sojourn_quantile, sojourn_survival
from capacity.models.networks.qna import arrival_scvs
from capacity.models.networks.routing import check_routing, comes_back, one_way, station_rates
from capacity.models.networks.stations import (
    Delay,
    NetworkStation,
    Servers,
    TwoMoment,
    check_servers,
)
from capacity.models.stations.queueing import MMc
from capacity.shown import Shown

_QNA_ERROR, _OVERTAKING_ERROR = 0.56, 0.02  # largest of a 99% quantile, see `OpenNetwork`


@dataclass(frozen=True)
class OpenNetwork(Shown):
    """Stations fed from outside and by each other; exact for Poisson arrivals and exponential service times.

    Otherwise an approximation from two moments (QNA): the flows between stations are taken as independent renewal
    processes. In 300 simulated tandems, splits and merges of 2 to 4 stations (1 to 8 servers, utilization 0.3 to
    0.9, squared coefficients of variation 0 to 4) it missed the mean response time by 2.5% (median), 7% (90% of them)
    and 21% (worst), the 99% quantile by 4%, 13% and 55%. Quantiles of exponential networks are exact where nobody
    can overtake (single servers, one way from each station to another), elsewhere within 2%.

    Parameters
    ----------
    external_rates : sequence of float
        Rate at which requests come from outside, by station. [req/s]
    routing : sequence of sequence of float
        Share of what leaves a station (row) that goes on to another (column); the rest leaves. [fraction]
    service_rates : sequence of float
        Rate of one busy server of each station. [req/s]
    servers : sequence of int or "delay", optional
        Of each station, ``"delay"`` where nobody waits; one each by default. [servers]
    external_scv, service_scv : sequence of float, optional
        Squared coefficients of variation of the times between arrivals from outside, and of the service times, by
        station; 1 each by default. [1] [1]

    Raises
    ------
    Unstable
        If a station cannot do what reaches it; the message names it, counted from 1.
    DomainError
        If a value is out of its range, the lists differ in length, or some requests never leave.

    References
    ----------
    .. [1] Jackson, Jobshop-like queueing systems, Management Science 10, 1963.
    .. [2] Whitt, The Queueing Network Analyzer, Bell System Technical Journal 62(9), 1983.

    Examples
    --------
    >>> network = OpenNetwork([30, 0], [[0, 0.5], [0, 0]], service_rates=[10, 20], servers=[4, 1])
    >>> round(network.response_time, 4), round(network.response_time_quantile(0.95), 4)
    (0.2509, 0.6792)
    """

    external_rates: Sequence[float]
    routing: Sequence[Sequence[float]]
    service_rates: Sequence[float]
    servers: Sequence[Servers] = ()
    external_scv: Sequence[float] = ()
    service_scv: Sequence[float] = ()

    def __post_init__(self) -> None:
        domain.listed(
            external_rates=self.external_rates, routing=self.routing, service_rates=self.service_rates
        )
        for row in self.routing:
            domain.listed(routing_from_a_station=row)
        size = len(self.external_rates)
        ones = (1.0,) * size
        settled = {
            "servers": check_servers(self.servers, size),
            "external_scv": tuple(self.external_scv) or ones,
            "service_scv": tuple(self.service_scv) or ones,
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)
        self._check_lengths(size)
        for rate, served, between, service in zip(
            self.external_rates, self.service_rates, self.external_scv, self.service_scv, strict=True
        ):
            domain.not_negative(external_rate=rate, external_scv=between, service_scv=service)
            domain.positive(service_rate=served)
        domain.positive(sum_of_external_rates=math.fsum(self.external_rates))
        check_routing(self._routing)
        _ = self.stations

    @classmethod
    def of_demands(
        cls, arrival_rate: float, demands: Sequence[float], servers: Sequence[Servers] = ()
    ) -> OpenNetwork:
        """Return the network whose requests have a service demand at each station, as one visit to each in turn.

        Parameters
        ----------
        arrival_rate : float
            [req/s]
        demands : sequence of float
            Service demand of a request at each station, above 0. [s]
        servers : sequence of int or "delay", optional
            [servers]

        Examples
        --------
        >>> network = OpenNetwork.of_demands(3.0, [0.16, 0.14, 0.24])
        >>> round(network.response_time, 4)
        1.4062
        """
        for demand in demands:
            domain.positive(service_demand=demand)
        rest = len(demands) - 1
        routing = np.eye(len(demands), k=1).tolist()
        return cls([arrival_rate, *[0.0] * rest], routing, [1 / demand for demand in demands], servers)

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "exact, product form (Jackson)" if self._exponential else "approximation, QNA (Whitt 1983)"

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile seen; 0 = exact but for rounding [fraction]."""
        if not self._exponential:
            return _QNA_ERROR
        return 0.0 if set(self.servers) == {1} and one_way(self._routing) else _OVERTAKING_ERROR

    @property
    def throughput(self) -> float:
        """Rate at which requests come, hence leave [req/s]."""
        return math.fsum(self.external_rates)

    @cached_property
    def arrival_rates(self) -> np.ndarray:
        """Rate at which requests reach each station, from outside and from others: λ = λ₀ + λ P [req/s]."""
        return station_rates(np.array(self.external_rates, dtype=float), self._routing)

    @property
    def visits(self) -> np.ndarray:
        """Visits of a request to each station, on average [1]."""
        return self.arrival_rates / self.throughput

    @cached_property
    def stations(self) -> tuple[NetworkStation, ...]:
        """Each station with all its answers, per visit: utilization, waiting and response time, concurrency ..."""
        rates = self.arrival_rates
        work = rates / np.array(self.service_rates, dtype=float)
        for station, (rate, count) in enumerate(zip(rates, self.servers, strict=True)):
            if not isinstance(count, str) and work[station] >= count:
                raise Unstable(float(rate), self.service_rates[station], count, f"station {station + 1}")
        between = np.ones(rates.size) if self._exponential else self._arrival_scvs(rates)
        return tuple(self._station(k, float(rates[k]), float(between[k])) for k in range(rates.size))

    @property
    def residence_time(self) -> np.ndarray:
        """Time a request spends at each station in all its visits [s]."""
        return self.visits * np.array([station.response_time for station in self.stations])

    @property
    def response_time(self) -> float:
        """Mean time from arrival to departure [s]."""
        return math.fsum(self.residence_time)

    @property
    def concurrency(self) -> float:
        """Mean number of requests inside [requests]."""
        return math.fsum(station.concurrency for station in self.stations)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds from arrival to departure [fraction].

        The times at the stations of a path are taken as independent; their transform is inverted, to 1e-9 or better.

        Raises
        ------
        DomainError
            If requests can come back to a station, so that these times depend on each other: simulate.
        """
        domain.not_negative(time=t)
        return sojourn_survival(self.stations, *self._ways(), t)

    def response_time_quantile(self, q: float) -> float:
        """Time from arrival to departure not exceeded by the share q of requests; as `response_time_survival` [s].

        It is not the sum of the stations' quantiles.
        """
        domain.fraction(quantile=q)
        return sojourn_quantile(self.stations, *self._ways(), q, self.response_time)

    def scaled(self, factor: float) -> OpenNetwork:
        """Return the network with all external rates multiplied by a factor [1]."""
        return replace(self, external_rates=[rate * factor for rate in self.external_rates])

    @property
    def saturation_throughput(self) -> float:
        """Rate from outside that the bottleneck cannot do any more, the mix unchanged: min c μ / V [req/s]."""
        limits = [
            count * rate / visits
            for count, rate, visits in zip(self.servers, self.service_rates, self.visits, strict=True)
            if not isinstance(count, str) and visits > 0
        ]
        return float(min(limits, default=math.inf))

    def max_arrival_rate(self, slo: float, quantile: float | None = None) -> float:
        """Largest rate from outside at which the mean response time, or a quantile, keeps the SLO [req/s].

        Parameters
        ----------
        slo : float
            Longest time from arrival to departure allowed. [s]
        quantile : float, optional
            Share of requests that must keep it; the mean is asked for without it. [fraction]

        Raises
        ------
        DomainError
            If the SLO is missed even without load, or nobody ever waits, so that any rate keeps it.

        Examples
        --------
        >>> round(OpenNetwork.of_demands(1.0, [0.02, 0.05]).max_arrival_rate(slo=0.2), 3)
        14.189
        """

        def answer(rate: float) -> float:
            network = self.scaled(rate / self.throughput)
            return network.response_time if quantile is None else network.response_time_quantile(quantile)

        limit = self.saturation_throughput
        if not math.isfinite(limit):
            raise DomainError("every station is a delay: nobody waits and no arrival rate misses the SLO")
        return largest_rate(answer, limit, slo)

    @cached_property
    def _routing(self) -> np.ndarray:
        return np.array(self.routing, dtype=float)

    @property
    def _exponential(self) -> bool:
        inside = [scv for scv, count in zip(self.service_scv, self.servers, strict=True) if count != "delay"]
        outside = [scv for scv, rate in zip(self.external_scv, self.external_rates, strict=True) if rate > 0]
        return set(inside) | set(outside) <= {1.0}

    def _arrival_scvs(self, rates: np.ndarray) -> np.ndarray:
        counts = np.array([math.inf if count == "delay" else float(count) for count in self.servers])
        outside = np.array(self.external_rates, dtype=float)
        busy = rates / np.array(self.service_rates, dtype=float) / counts
        return arrival_scvs(
            rates,
            self._routing,
            outside,
            busy,
            counts,
            np.array(self.external_scv),
            np.array(self.service_scv),
        )

    def _station(self, k: int, rate: float, arrival_scv: float) -> NetworkStation:
        count, service_rate = self.servers[k], self.service_rates[k]
        if isinstance(count, str):
            return Delay(rate, service_rate, self.service_scv[k])
        if self._exponential:
            return MMc(rate, service_rate, count)
        return TwoMoment(rate, service_rate, count, arrival_scv, self.service_scv[k])

    def _ways(self) -> tuple[np.ndarray, np.ndarray]:
        """Where requests enter and where they go next, if none comes back."""
        if comes_back(self._routing):
            raise DomainError(
                "requests can come back to a station, so the times of their visits depend on each other and have "
                "no closed form; ask for the mean, or simulate the network"
            )
        return np.array(self.external_rates, dtype=float) / self.throughput, self._routing

    def _check_lengths(self, size: int) -> None:
        given = (self.service_rates, self.external_scv, self.service_scv, self.routing, *self.routing)
        lengths = [len(values) for values in given]
        if set(lengths) != {size}:
            raise DomainError(
                f"{size} stations by their external rates, but {lengths} service rates, external and service scvs, "
                "rows and columns of routing; give one of each per station"
            )
