"""What every station with one unbounded queue has in common, however its waiting time is found."""

from __future__ import annotations

from dataclasses import dataclass

from capacity.errors import Unstable
from capacity.models import domain


@dataclass(frozen=True)
class Station:
    """Identical servers with one unbounded queue; `MMc` and `GGc`, which say what they take, give `waiting_time`."""

    arrival_rate: float
    service_rate: float
    servers: int

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate)
        domain.positive(service_rate=self.service_rate)
        domain.count(servers=self.servers)
        if self.arrival_rate >= self.servers * self.service_rate:
            raise Unstable(self.arrival_rate, self.service_rate, self.servers)

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
