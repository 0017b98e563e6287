"""What serves the requests: stations, and what happens to them in the course of a run."""

from __future__ import annotations

from dataclasses import dataclass

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.shown import Shown

BALANCERS = ("shared", "random", "round_robin", "two_choices", "shortest_queue")


@dataclass(frozen=True)
class Cache(Shown):
    """Cache of each replica: a hit takes the station's service law, a miss another.

    The share of hits is hit · (1 - e^(-served / warm_up)), with the services since the replica last started.

    Parameters
    ----------
    hit : float
        Share of hits once it is warm. [fraction]
    miss : Distribution
        Service time of a miss. [s]
    warm_up : float
        Services after which 63% of the hits are there. [requests]
    cold : bool
        Whether all caches are cold when the run starts; after a crash, a deployment or scaling a replica's always is.

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> Cache(hit=0.9, miss=Exponential(0.050), warm_up=10_000).cold
    False
    """

    hit: float
    miss: Distribution
    warm_up: float
    cold: bool = False

    def __post_init__(self) -> None:
        domain.fraction(hit=self.hit)
        domain.positive(warm_up=self.warm_up)


@dataclass(frozen=True)
class Failures(Shown):
    """Crashes of replicas, each after an exponential time; what one served, or kept in a queue of its own, is lost.

    Parameters
    ----------
    time_to_failure, time_to_repair : float
        Means. [s]

    Examples
    --------
    >>> Failures(time_to_failure=30 * 86_400.0, time_to_repair=1_200.0).time_to_repair
    1200.0
    """

    time_to_failure: float
    time_to_repair: float

    def __post_init__(self) -> None:
        domain.positive(time_to_failure=self.time_to_failure, time_to_repair=self.time_to_repair)


@dataclass(frozen=True)
class Scaling(Shown):
    """Rule that keeps replicas near a target utilization: up · utilization / target of them, looked at every interval.

    A new replica serves after the lag; one too many takes no more work. Within a tenth of the target nothing is done.

    Parameters
    ----------
    most : int
        [replicas]
    target : float
        Utilization aimed at. [fraction]
    interval : float
        [s]
    lag : float
        [s]
    least : int
        [replicas]

    Examples
    --------
    >>> Scaling(most=8, target=0.6).lag
    60.0
    """

    most: int
    target: float = 0.7
    interval: float = 15.0
    lag: float = 60.0
    least: int = 1

    def __post_init__(self) -> None:
        domain.count(most=self.most, least=self.least)
        domain.fraction(target=self.target)
        domain.positive(interval=self.interval)
        domain.not_negative(lag=self.lag)
        if self.least > self.most:
            raise DomainError(f"least {self.least} replicas are more than the most, {self.most}")


@dataclass(frozen=True)
class Node(Shown):
    """A station: replicas of some servers each, behind a balancer.

    Parameters
    ----------
    name : str
    service : Distribution or tuple of Distribution
        Service time, or one for each kind of request. [s]
    servers : int, optional
        Of each replica; None for any number, so that nobody waits (a delay). [servers]
    replicas : int
        At the start. [replicas]
    balancer : {"shared", "random", "round_robin", "two_choices", "shortest_queue"}
        One queue for all replicas, or one for each and how to choose: of two drawn or of all, that with fewest present.
    queue_limit : int, optional
        Most that may wait in one queue; more are refused. [requests]
    patience : float or Distribution, optional
        Longest wait in the queue, e.g. for a connection of a pool; after it the attempt fails. [s]
    holds : bool
        Whether a server stays taken until the request's next station has done its work (a thread that calls another).
    cache : Cache, optional
    failures : Failures, optional
    scaling : Scaling, optional

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> Node("app", Exponential(0.01), servers=4, replicas=2, balancer="two_choices", queue_limit=100).most
    2
    """

    name: str
    service: Distribution | tuple[Distribution, ...]
    servers: int | None = 1
    replicas: int = 1
    balancer: str = "shared"
    queue_limit: int | None = None
    patience: float | Distribution | None = None
    holds: bool = False
    cache: Cache | None = None
    failures: Failures | None = None
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        domain.count(replicas=self.replicas, servers=1 if self.servers is None else self.servers)
        if self.balancer not in BALANCERS:
            raise DomainError(f"balancer {self.balancer!r} is not known; choose among {', '.join(BALANCERS)}")
        if self.queue_limit is not None:
            domain.whole(queue_limit=self.queue_limit)
        for law in self.service if isinstance(self.service, tuple) else (self.service,):
            if not isinstance(law, Distribution):
                raise DomainError(
                    f"the service of {self.name} is {law!r}; give a law of times, such as Constant({law!r})"
                )
        if self.patience is not None and not isinstance(self.patience, Distribution):
            domain.positive(patience=self.patience)
        if self.scaling and not self.scaling.least <= self.replicas <= self.scaling.most:
            raise DomainError(
                f"{self.replicas} replicas of {self.name} are outside its scaling, "
                f"{self.scaling.least} to {self.scaling.most}"
            )
        if self.scaling and self.servers is None:
            raise DomainError(
                f"{self.name} has any number of servers, so its scaling has no target; give servers"
            )

    @property
    def most(self) -> int:
        """Replicas there may be at most [replicas]."""
        return self.scaling.most if self.scaling else self.replicas

    def laws(self, kinds: int) -> tuple[Distribution, ...]:
        """Return the service law of each of so many [kinds] of request."""
        laws = self.service if isinstance(self.service, tuple) else (self.service,) * kinds
        if len(laws) != kinds:
            raise DomainError(
                f"{self.name} has {len(laws)} service laws for {kinds} kinds of requests; give one each, or one for all"
            )
        return laws


@dataclass(frozen=True)
class Slowdown(Shown):
    """A time in which services of a station take longer; what is under way is slowed too.

    Parameters
    ----------
    station : str
    start, end : float
        [s]
    factor : float
        Three cuts the station's capacity to a third. [1]

    Examples
    --------
    >>> Slowdown("database", start=30.0, end=60.0, factor=3.0).factor
    3.0
    """

    station: str
    start: float
    end: float
    factor: float

    def __post_init__(self) -> None:
        domain.not_negative(start=self.start)
        domain.positive(factor=self.factor, length_of_slowdown=self.end - self.start)


@dataclass(frozen=True)
class Deployment(Shown):
    """Replicas of a station, one after the other, finish what they have and are away for a time.

    Parameters
    ----------
    station : str
    start : float
        When the first goes. [s]
    downtime : float
        Of each replica; the next goes when one is back. [s]

    Examples
    --------
    >>> Deployment("app", start=600.0, downtime=30.0).downtime
    30.0
    """

    station: str
    start: float
    downtime: float

    def __post_init__(self) -> None:
        domain.not_negative(start=self.start)
        domain.positive(downtime=self.downtime)
