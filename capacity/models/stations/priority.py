"""Requests of several classes at one station, the important ones first: mean times by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.models.inverse import largest_rate
from capacity.models.stations.erlang import erlang_c
from capacity.shown import Shown


@dataclass(frozen=True)
class Priorities:
    """Classes of requests at one station, class 1 first; `PriorityMG1` and `PriorityMMc` give `_wait`.

    A class is stable while it and the classes before it leave a server idle at times, whatever comes after them.
    """

    arrival_rates: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrival_rates", tuple(self.arrival_rates))
        if not self.arrival_rates:
            raise DomainError("no class is given; give one arrival rate a class, the most important first")
        for number, rate in enumerate(self.arrival_rates, 1):
            domain.positive(**{f"arrival_rate_of_class_{number}": rate})

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "closed form"

    @property
    def error(self) -> float:
        """Relative error of a mean: exact but for rounding [fraction]."""
        return 0.0

    @property
    def utilization(self) -> float:
        """Share of the servers that all classes together ask for, above 1 if the last ones starve [fraction]."""
        return self._loads[-1]

    @property
    def stable_classes(self) -> int:
        """How many classes, from the first, have a steady state [classes]."""
        return sum(load < 1 for load in self._loads[1:])

    @property
    def waiting_times(self) -> tuple[float, ...]:
        """Mean time in the queue, class by class; preempted requests queue again [s]."""
        return tuple(self.waiting_time(number) for number in self._numbers)

    @property
    def response_times(self) -> tuple[float, ...]:
        """Mean time in the station, class by class [s]."""
        return tuple(self.response_time(number) for number in self._numbers)

    def waiting_time(self, number: int) -> float:
        """Mean time in the queue of one class, all its interruptions included; class 1 is the first [s].

        Raises
        ------
        Unstable
            If the class and those before it are more than the servers can do.
        """
        self._check(number)
        if (load := self._loads[number]) >= 1:
            rate = sum(self.arrival_rates[:number])
            where = f"class {number}, with those before it"
            raise Unstable(rate, rate / (load * self._servers), self._servers, where)
        return self._wait(number)

    def response_time(self, number: int) -> float:
        """Mean time in the station of one class; class 1 is the first [s].

        Raises as `waiting_time`.
        """
        return self.waiting_time(number) + self._service(number)

    def queue_length(self, number: int) -> float:
        """Mean number of one class waiting [requests]."""
        return self.arrival_rates[number - 1] * self.waiting_time(number)

    def concurrency(self, number: int) -> float:
        """Mean number of one class present [requests]."""
        return self.arrival_rates[number - 1] * self.response_time(number)

    def max_scale(self, number: int, slo: float) -> float:
        """Largest factor on all arrival rates at which one class keeps its mean response time within the SLO [1].

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO.
        """
        self._check(number)

        def time_at(factor: float) -> float:
            scaled = replace(self, arrival_rates=tuple(rate * factor for rate in self.arrival_rates))
            return scaled.response_time(number)

        return largest_rate(time_at, 1 / self._loads[number], slo)

    @property
    def _numbers(self) -> range:
        return range(1, len(self.arrival_rates) + 1)

    @property
    def _servers(self) -> int:
        raise NotImplementedError

    @property
    def _loads(self) -> list[float]:
        """Share of the servers asked for by the first 0, 1, 2, ... classes [fraction]."""
        raise NotImplementedError

    def _service(self, number: int) -> float:
        raise NotImplementedError

    def _wait(self, number: int) -> float:
        raise NotImplementedError

    def _check(self, number: int) -> None:
        if number not in self._numbers:
            raise DomainError(f"there is no class {number}; give 1 to {len(self.arrival_rates)}")


@dataclass(frozen=True)
class PriorityMG1(Priorities, Shown):
    """One server, Poisson arrivals of several classes, each with its own law of service times.

    Not preemptive: W_k = W_0 / ((1 - σ_{k-1}) (1 - σ_k)), W_0 = Σ λ_i E[S_i²] / 2 over all classes, σ_k the
    utilization by the first k. Preemptive and resumed: classes after k do not count in W_0, and the service itself
    takes E[S_k] / (1 - σ_{k-1}).

    Parameters
    ----------
    arrival_rates : tuple of float
        Class by class, the most important first; all above 0. [req/s]
    mean_services : tuple of float
        [s]
    second_moments : tuple of float
        Mean of the squared service time, at least the square of the mean. [s²]
    preemptive : bool
        Whether a request interrupts one of a later class, which is resumed afterwards.

    References
    ----------
    .. [1] Cobham, Priority assignment in waiting line problems, Operations Research 2(1), 1954, eq. 4.
    .. [2] Jaiswal, Priority Queues, Academic Press, 1968; Kleinrock, Queueing Systems II, Wiley, 1976, sec. 3.2,
       eqs. 3.31 and 3.39.

    Examples
    --------
    >>> station = PriorityMG1((0.1, 0.6), mean_services=(0.5, 1.0), second_moments=(0.25, 1.0))
    >>> [round(time, 6) for time in station.response_times]
    [0.828947, 1.93985]
    """

    mean_services: tuple[float, ...]
    second_moments: tuple[float, ...]
    preemptive: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "mean_services", tuple(self.mean_services))
        object.__setattr__(self, "second_moments", tuple(self.second_moments))
        if not len(self.arrival_rates) == len(self.mean_services) == len(self.second_moments):
            raise DomainError(
                f"{len(self.arrival_rates)} arrival rates, {len(self.mean_services)} mean services and "
                f"{len(self.second_moments)} second moments; give one of each a class"
            )
        for number, (mean, moment) in enumerate(zip(self.mean_services, self.second_moments, strict=True), 1):
            domain.positive(
                **{f"mean_service_of_class_{number}": mean, f"second_moment_of_class_{number}": moment}
            )
            if moment < mean**2 * (1 - 1e-9):
                raise DomainError(
                    f"second moment {moment:g} of class {number} is below the square of its mean {mean:g}; "
                    "give variance plus squared mean"
                )

    @classmethod
    def of(
        cls, arrival_rates: Sequence[float], services: Sequence[Distribution], preemptive: bool = False
    ) -> PriorityMG1:
        """Return the station for laws of service times, class by class.

        Parameters
        ----------
        arrival_rates : sequence of float
            Of each class, the most urgent first. [req/s]
        services : sequence of Distribution
            Law of the service times of each. [s]
        preemptive : bool
            Whether a request interrupts one of a lower class.

        Examples
        --------
        >>> from capacity.models.distributions import Constant, Exponential
        >>> station = PriorityMG1.of([0.1, 0.6], [Exponential(0.5), Constant(1.0)], preemptive=True)
        >>> round(station.response_time(1), 6)
        0.526316
        """
        means = tuple(law.mean for law in services)
        moments = tuple(law.mean**2 * (1 + law.scv) for law in services)
        return cls(tuple(arrival_rates), means, moments, preemptive)

    @property
    def _servers(self) -> int:
        return 1

    @property
    def _loads(self) -> list[float]:
        each = [rate * mean for rate, mean in zip(self.arrival_rates, self.mean_services, strict=True)]
        return list(accumulate(each, initial=0.0))

    def _service(self, number: int) -> float:
        return self.mean_services[number - 1]

    def _wait(self, number: int) -> float:
        before, upto = self._loads[number - 1 : number + 1]
        queued = self._left_in_service(number) / ((1 - before) * (1 - upto))
        return queued + self._service(number) * before / (1 - before) if self.preemptive else queued

    def _left_in_service(self, number: int) -> float:
        """Mean time until the request in service is done that is not interrupted; a starving class fills the rest."""
        left, free = 0.0, 1.0
        seen = number if self.preemptive else len(self.arrival_rates)
        classes = zip(self.arrival_rates[:seen], self.mean_services, self.second_moments, strict=False)
        for rate, mean, moment in classes:
            taken = min(rate * mean, free)
            left, free = left + taken * moment / (2 * mean), free - taken
        return left


@dataclass(frozen=True)
class PriorityMMc(Priorities, Shown):
    """Identical servers, Poisson arrivals of several classes, the same exponential service for all.

    Not preemptive: W_k = C(c, a) / (c μ (1 - σ_{k-1}) (1 - σ_k)), all classes in the offered load a. Preemptive and
    resumed: the first k classes are an M/M/c station of their own, whose L_q less that of the first k - 1 is the
    queue of class k.

    Parameters
    ----------
    arrival_rates : tuple of float
        Class by class, the most important first; all above 0. [req/s]
    service_rate : float
        Rate of one busy server. [req/s]
    servers : int
        [servers]
    preemptive : bool
        Whether a request interrupts one of a later class, which is resumed afterwards.

    References
    ----------
    .. [1] Cobham, Priority assignment in waiting line problems, Operations Research 2(1), 1954, eq. 6.
    .. [2] Buzen and Bondi, The response times of priority classes under preemptive resume in M/M/m queues,
       Operations Research 31(3), 1983.

    Examples
    --------
    >>> station = PriorityMMc((2.0, 3.0), service_rate=1.0, servers=6)
    >>> [round(time, 6) for time in station.waiting_times]
    [0.146879, 0.881275]
    """

    service_rate: float
    servers: int
    preemptive: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(service_rate=self.service_rate)
        domain.count(servers=self.servers)

    @property
    def _servers(self) -> int:
        return self.servers

    @property
    def _loads(self) -> list[float]:
        capacity = self.servers * self.service_rate
        return [rate / capacity for rate in accumulate(self.arrival_rates, initial=0.0)]

    def _service(self, number: int) -> float:
        return 1 / self.service_rate

    def _wait(self, number: int) -> float:
        before, upto = self._loads[number - 1 : number + 1]
        if self.preemptive:
            return (self._queue(upto) - self._queue(before)) / self.arrival_rates[number - 1]
        return self._busy(self.utilization) / (self.servers * self.service_rate * (1 - before) * (1 - upto))

    def _busy(self, load: float) -> float:
        return erlang_c(self.servers, load * self.servers) if load < 1 else 1.0

    def _queue(self, load: float) -> float:
        return self._busy(load) * load / (1 - load)
