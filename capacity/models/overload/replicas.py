"""How many replicas: what an autoscaler asks for, what the loss of a zone needs, what an update takes away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown


def desired_replicas(current: int, metric: float, target: float, tolerance: float = 0.1) -> int:
    """Replicas the Horizontal Pod Autoscaler asks for, ceil(current x metric / target), before its bounds [replicas].

    Decimal numbers are taken for what they say, so that 3 x 1.1 is 3.3 and not a little more.

    Parameters
    ----------
    current : int
        [replicas]
    metric, target : float
        Mean over the replicas, and what it should be; of one unit. [any unit]
    tolerance : float
        Deviation of their ratio from 1 within which nothing changes. [fraction]

    Raises
    ------
    DomainError
        If the target is not above 0 or another value is out of range.

    References
    ----------
    .. [1] Kubernetes documentation, Horizontal Pod Autoscaling, Algorithm details.

    Examples
    --------
    >>> desired_replicas(current=4, metric=90, target=70)
    6
    """
    domain.not_negative(current=current, metric=metric, tolerance=tolerance)
    domain.positive(target=target)
    ratio = _exact(metric) / _exact(target)
    if abs(ratio - 1) <= _exact(tolerance):
        return int(current)
    return math.ceil(int(current) * ratio)


def most_after_scale_up(current: int) -> int:
    """Most replicas 15 s later by the autoscaler's default policy: 4 more or twice as many [replicas].

    Examples
    --------
    >>> most_after_scale_up(3), most_after_scale_up(10)
    (7, 20)
    """
    domain.count(current=current)
    return max(current + 4, 2 * current)


@dataclass(frozen=True)
class Zones(Shown):
    """Replicas, evenly over zones, that serve the peak without any one zone.

    Parameters
    ----------
    peak_rate : float
        [req/s]
    replica_capacity : float
        Safe load of one. [req/s]
    zones : int
        At least 2. [zones]

    Raises
    ------
    DomainError
        If there are fewer than two zones.

    Examples
    --------
    >>> zones = Zones(peak_rate=900, replica_capacity=100, zones=3)
    >>> zones.replicas_per_zone, zones.replicas, zones.utilization, zones.utilization_after_loss
    (5, 15, 0.6, 0.9)
    """

    peak_rate: float
    replica_capacity: float
    zones: int

    def __post_init__(self) -> None:
        domain.positive(peak_rate=self.peak_rate, replica_capacity=self.replica_capacity)
        domain.count(zones=self.zones)
        if self.zones < 2:
            raise DomainError("1 zone cannot be done without; give at least 2 zones")

    @property
    def replicas_per_zone(self) -> int:
        """ceil(peak / (capacity (z - 1))) [replicas]."""
        return math.ceil(_exact(self.peak_rate) / (_exact(self.replica_capacity) * (self.zones - 1)))

    @property
    def replicas(self) -> int:
        """In all zones [replicas]."""
        return self.replicas_per_zone * self.zones

    @property
    def utilization(self) -> float:
        """Of the safe load, at the peak with all zones [fraction]."""
        return self.peak_rate / (self.replicas * self.replica_capacity)

    @property
    def utilization_after_loss(self) -> float:
        """Of the safe load, at the peak without one zone [fraction]."""
        return self.peak_rate / ((self.replicas - self.replicas_per_zone) * self.replica_capacity)


@dataclass(frozen=True)
class RollingUpdate(Shown):
    """What a rolling update may add and take away; fractions of the replicas: surge rounds up, unavailable down.

    Parameters
    ----------
    replicas : int
        [replicas]
    max_surge, max_unavailable : int or float
        A whole number (int) of replicas, or a fraction (float) of them. [replicas] or [fraction]

    Raises
    ------
    DomainError
        If both are 0, so that nothing could move, or a fraction is outside 0..1.

    References
    ----------
    .. [1] Kubernetes documentation, Deployments, Rolling Update Deployment.

    Examples
    --------
    >>> update = RollingUpdate(replicas=10)
    >>> update.most_pods, update.least_available
    (13, 8)
    """

    replicas: int
    max_surge: float = 0.25
    max_unavailable: float = 0.25

    def __post_init__(self) -> None:
        domain.count(replicas=self.replicas)
        domain.not_negative(max_surge=self.max_surge, max_unavailable=self.max_unavailable)
        for name in ("max_surge", "max_unavailable"):
            value = getattr(self, name)
            if isinstance(value, float) and value > 1:
                raise DomainError(
                    f"{name} {value:g} is not a fraction; write pods as a whole number, 25% as 0.25"
                )
        if self.max_surge == 0 and self.max_unavailable == 0:
            raise DomainError(
                "max_surge and max_unavailable are both 0, so no replica can be replaced; raise one"
            )

    @property
    def most_pods(self) -> int:
        """Replicas that may exist at once [replicas]."""
        return self.replicas + math.ceil(self._pods(self.max_surge))

    @property
    def least_available(self) -> int:
        """Replicas that serve at any time [replicas]."""
        return max(self.replicas - math.floor(self._pods(self.max_unavailable)), 0)

    def _pods(self, value: float) -> Fraction:
        return _exact(value) * self.replicas if isinstance(value, float) else Fraction(value)


def safe_load_per_replica(replica_capacity: float, replicas: int, lost: int = 1) -> float:
    """Load of each replica that the others can still serve when some are lost: C (n - k) / n [req/s].

    Raises
    ------
    DomainError
        If none would be left.

    Examples
    --------
    >>> safe_load_per_replica(300, replicas=4)
    225.0
    """
    domain.positive(replica_capacity=replica_capacity)
    domain.count(replicas=replicas)
    domain.not_negative(lost=lost)
    if lost >= replicas:
        raise DomainError(f"{lost} of {replicas} replicas lost leaves none; add replicas")
    return replica_capacity * (replicas - lost) / replicas


def fewest_replicas(replica_capacity: float, load: float, lost: int = 1) -> int:
    """Fewest replicas at a load each that the others can still serve when some are lost [replicas].

    Raises
    ------
    DomainError
        If the load of each leaves nothing to take over with.

    Examples
    --------
    >>> fewest_replicas(300, load=250)
    6
    """
    domain.positive(replica_capacity=replica_capacity)
    domain.not_negative(load=load, lost=lost)
    if load >= replica_capacity and lost:
        raise DomainError(
            f"{load:g} of {replica_capacity:g} req/s on each replica leaves nothing to take over with; lower the load"
        )
    spare = 1 - _exact(load) / _exact(replica_capacity)
    return max(math.ceil(int(lost) / spare), int(lost) + 1) if lost else 1


def replicas_for(load: float, safe_load: float) -> int:
    """Fewest replicas of which each takes no more than its safe load: ceil(load / safe) [replicas].

    Examples
    --------
    >>> replicas_for(load=700, safe_load=250)
    3
    """
    domain.not_negative(load=load)
    domain.positive(safe_load=safe_load)
    return max(math.ceil(_exact(load) / _exact(safe_load)), 1)


def pool_per_replica(max_connections: float, reserved: float, replicas: int, environments: int = 1) -> int:
    """Connections each replica may keep if all replicas of all versions up at once are to have theirs [connections].

    floor((maximum - reserved) / (environments replicas)); 0 where there is not one for each.

    Parameters
    ----------
    max_connections, reserved : float
        What the database accepts, and what of it is kept for administration. [connections]
    replicas : int
        Largest number of one version. [replicas]
    environments : int
        Versions side by side: 2 while one replaces another. [versions]

    Raises
    ------
    DomainError
        If a value is out of range, or more are reserved than there are.

    References
    ----------
    .. [1] HikariCP wiki, About Pool Sizing (the pool is of the database, not of each application instance).

    Examples
    --------
    >>> pool_per_replica(max_connections=100, reserved=3, replicas=6, environments=2)
    8
    """
    domain.count(replicas=replicas)
    return _shared_out(max_connections, reserved, environments, replicas)


def replicas_within(
    max_connections: float, reserved: float, per_replica: float, environments: int = 1
) -> int:
    """Most replicas of one version whose connections the database accepts [replicas].

    floor((maximum - reserved) / (environments per_replica)), the other reading of `pool_per_replica`.

    Raises
    ------
    DomainError
        If a value is out of range, or more are reserved than there are.

    Examples
    --------
    >>> replicas_within(max_connections=100, reserved=3, per_replica=10, environments=2)
    4
    """
    domain.positive(per_replica=per_replica)
    return _shared_out(max_connections, reserved, environments, per_replica)


def _shared_out(max_connections: float, reserved: float, environments: int, among: float) -> int:
    domain.not_negative(max_connections=max_connections, reserved=reserved)
    domain.count(environments=environments)
    if reserved > max_connections:
        raise DomainError(f"{reserved:g} connections reserved of {max_connections:g}; reserve fewer")
    return math.floor((_exact(max_connections) - _exact(reserved)) / (environments * _exact(among)))


def _exact(value: float) -> Fraction:
    """Return the decimal number that was written: 0.1 is a tenth."""
    return Fraction(str(value))
