"""What all instances share and what therefore ends their growth: quotas, resources in use, connections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.estimate import number
from capacity.models import laws
from capacity.models.overload.replicas import replicas_within
from capacity.shown import Shown
from capacity.wording import counted, percent, visible

if TYPE_CHECKING:
    from capacity.plan import Limit

_MOST_USED = 0.8  # of a shared resource, where the plan does not say


@dataclass(frozen=True)
class SharedLimit(Shown):
    """One thing that all instances share, and where it ends.

    Parameters
    ----------
    name : str
        Such as "database CPU".
    rate : float
        Largest load, retries included; infinite where only instances count. [req/s]
    instances : int or None
        Most instances; None where only the load counts. [instances]
    reason : str
        The arithmetic in words.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.shared.limits[0])
    payment provider ends at 900 req/s (as given in the plan)
    """

    name: str
    rate: float
    instances: int | None
    reason: str

    def __str__(self) -> str:
        ends = f"{number(self.rate)} req/s" if self.instances is None else counted(self.instances, "instance")
        return f"{self.name} ends at {ends} ({self.reason})"


@dataclass(frozen=True)
class Shared(Shown):
    """All of them together: the one that ends first is the next bottleneck.

    Examples
    --------
    >>> from capacity.plan import Limit
    >>> used = Limit(name="database CPU", utilization=0.35, load=200.0, most=0.7)
    >>> print(Shared.of([used]))
    database CPU ends at 400 req/s (35% used at 200 req/s, 70% allowed)
    """

    limits: tuple[SharedLimit, ...] = ()

    @classmethod
    def of(cls, given: Sequence[Limit]) -> Shared:
        """Work out where each limit of a plan lies.

        A resource in use grows with the load (utilization law), so it ends at load · most / utilization.
        """
        return cls(tuple(_worked_out(limit) for limit in given))

    @property
    def rate(self) -> float:
        """Load at which the first of them ends. [req/s]"""
        return min((limit.rate for limit in self.limits), default=math.inf)

    @property
    def instances(self) -> int | None:
        """Most instances that all of them allow; None where none counts instances. [instances]"""
        return min((limit.instances for limit in self.limits if limit.instances is not None), default=None)

    @property
    def of_rate(self) -> SharedLimit | None:
        """The limit that ends the load first."""
        return min((limit for limit in self.limits if limit.instances is None), key=_rate, default=None)

    def refusal(self, instances: int) -> str:
        """Why so many [instances] cannot be had; empty when they can."""
        for limit in self.limits:
            if limit.instances is not None and instances > limit.instances:
                return f"{limit.name}: {limit.reason}, enough for {counted(limit.instances, 'instance')}"
        return ""

    def __str__(self) -> str:
        return "; ".join(map(str, self.limits)) or "no shared limit is given"


def _rate(limit: SharedLimit) -> float:
    return limit.rate


def _worked_out(limit: Limit) -> SharedLimit:
    name = visible(limit.name)
    if limit.rate is not None:
        return SharedLimit(name, limit.rate, None, "as given in the plan")
    if limit.utilization is not None and limit.load is not None:
        most = _MOST_USED if limit.most is None else limit.most
        rate = most / laws.service_demand(limit.utilization, limit.load)
        return SharedLimit(
            name,
            rate,
            None,
            f"{percent(limit.utilization)} used at {number(limit.load)} req/s, {percent(most)} allowed",
        )
    available, each, versions = limit.available or 0.0, limit.per_instance or 1.0, limit.environments or 1
    reason = f"{number(available)} for {number(each)} an instance"
    reason += f" and {versions} versions at once" if versions > 1 else ""
    return SharedLimit(name, math.inf, replicas_within(available, 0, each, versions), reason)
