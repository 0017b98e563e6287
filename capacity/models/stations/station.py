"""What every station with one unbounded queue has in common, however its waiting time is found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.inverse import IDLE, check_feasible, fewest_servers, largest_rate
from capacity.shown import Shown

MOST_SERVERS = 10**9  # beyond, numbers of servers are no longer told apart safely [servers]


@dataclass(frozen=True)
class Station(Shown):
    """Identical servers with one unbounded queue; `MMc` and `GGc`, which say what they take, give `waiting_time`.

    Parameters
    ----------
    arrival_rate : float
        Offered rate. [req/s]
    service_rate : float
        Rate of one busy server. [req/s]
    servers : int
        Servers fed by the one queue. [servers]

    Examples
    --------
    >>> import capacity as cap
    >>> station = cap.MMc(arrival_rate=250, service_rate=37.5, servers=8)
    >>> round(station.utilization, 3), station.servers_for(slo=0.080, quantile=0.95)  # [fraction], [servers]
    (0.833, 13)
    """

    arrival_rate: float
    service_rate: float
    servers: int

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate)
        domain.positive(service_rate=self.service_rate)
        domain.count(servers=self.servers)
        if self.servers > MOST_SERVERS:
            raise DomainError(
                f"{self.servers:g} servers are more than the {MOST_SERVERS:g} formulas hold for"
            )
        if self._spare_rate <= 0 or self.arrival_rate / self.service_rate >= self.servers:
            raise Unstable(self.arrival_rate, self.service_rate, self.servers)

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "closed form"

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile from 0.95 on; 0: exact but for rounding [fraction]."""
        return 0.0

    @property
    def utilization(self) -> float:
        """Busy share of each server, ρ = λ / (c μ) [fraction]."""
        return self.arrival_rate / (self.servers * self.service_rate)

    @property
    def throughput(self) -> float:
        """Completed rate: what arrives [req/s]."""
        return self.arrival_rate

    @property
    def blocking_probability(self) -> float:
        """Share of requests refused: none, the queue is unbounded [fraction]."""
        return 0.0

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue, W_q [s]."""
        raise NotImplementedError

    @property
    def response_time(self) -> float:
        """Mean time in the station, R = W_q + 1 / μ [s]."""
        return self.waiting_time + 1 / self.service_rate

    @property
    def queue_length(self) -> float:
        """Mean number waiting, L_q = λ W_q [requests]."""
        return self.arrival_rate * self.waiting_time

    @property
    def concurrency(self) -> float:
        """Mean number present, N = λ R [requests]."""
        return self.arrival_rate * self.response_time

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        raise NotImplementedError

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        raise NotImplementedError

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        raise NotImplementedError

    def max_arrival_rate(self, slo: float, quantile: float | None = None) -> float:
        """Largest rate at which these servers keep the mean response time, or a quantile, within the SLO [req/s].

        Parameters
        ----------
        slo : float
            Longest response time allowed. [s]
        quantile : float, optional
            Share of requests that must keep it, e.g. 0.95; the mean is asked for without it. [fraction]

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO.
        """
        limit = self.servers * self.service_rate
        return largest_rate(lambda rate: replace(self, arrival_rate=rate)._answer(quantile), limit, slo)

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Fewest servers that keep the mean response time, or a quantile, within the SLO [servers].

        Parameters, Raises as in `max_arrival_rate`.
        """
        idle = replace(self, arrival_rate=self.service_rate * IDLE)
        check_feasible(idle._answer(quantile), slo)
        offered_load = self.arrival_rate / self.service_rate
        return fewest_servers(lambda n: replace(self, servers=n)._answer(quantile), offered_load, slo)

    @cached_property
    def _spare_rate(self) -> float:
        """Spare rate c μ - λ, rounded once: near utilization 1 rounding the product would cost all digits."""
        return float(
            int(self.servers) * Fraction(float(self.service_rate)) - Fraction(float(self.arrival_rate))
        )

    def _answer(self, quantile: float | None) -> float:
        return self.response_time if quantile is None else self.response_time_quantile(quantile)


def idle_share(arrival_rate: float, service_time: float) -> float:
    """Idle share of one server, 1 - λ S, rounded once: next to saturation every digit of it counts [fraction].

    Raises
    ------
    Unstable
        If nothing of it is left.

    Examples
    --------
    >>> idle_share(arrival_rate=0.5, service_time=0.5)
    0.75
    """
    idle = float(1 - Fraction(float(arrival_rate)) * Fraction(float(service_time)))
    if idle <= 0:
        raise Unstable(arrival_rate, 1 / service_time, 1)
    return idle
