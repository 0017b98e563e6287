"""How long a fleet takes: what one deployment was calibrated to, seen by its share of the load on more instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from capacity.display import result_html
from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.evidence.service import Service
from capacity.models import domain
from capacity.models.scalability import Usl
from capacity.plan import BALANCERS
from capacity.shown import Shown
from capacity.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class FleetResponse(Shown):
    """Response times of a number of instances behind a balancer.

    What the scaling law takes from n instances is taken as longer service: with X(n) = n X(1) e every request takes
    1 / e times as long. The balancer decides what an instance sees of arrivals with index of dispersion I: in turn
    every n-th of them, I / n; at random a thinned stream, 1 + (I - 1) / n; to the least busy instance it is taken as
    one queue for all of them: simulated waits are longer than that, at utilization .83 of four instances by a fifth
    with one worker each and by a tenth with four or eight.

    Parameters
    ----------
    service : Service
        Calibrated on `tested` instances.
    law : Usl
        Throughput by instances.
    instances : int
        [instances]
    tested : int
        Instances the service was calibrated on. [instances]
    balancer : {"random", "round-robin", "least-connections"}, optional
        None: an instance sees arrivals as in the test.
    dispersion : float
        Variance over mean of production's arrivals; 1 for independent users. [1]

    Raises
    ------
    DomainError
        If a number of instances is no whole number above 0, or the balancer is not one of those.

    References
    ----------
    .. [1] Mitzenmacher, The power of two choices in randomized load balancing, IEEE TPDS 12, 2001.
    .. [2] Cox and Isham, Point Processes, Chapman and Hall, 1980, ch. 4 (thinning).

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> three = cap.FleetResponse(study.service, study.scaling_law, instances=3, balancer="round-robin")
    >>> print(three.predict(500, 0.95))  # P95 at 500 req/s
    0.146 s (0.126 to 0.165)
    """

    service: Service
    law: Usl
    instances: int
    tested: int = 1
    balancer: str | None = None
    dispersion: float = 1.0

    def __post_init__(self) -> None:
        domain.count(instances=self.instances, tested=self.tested)
        domain.positive(dispersion=self.dispersion)
        if self.balancer is not None and self.balancer not in BALANCERS:
            raise DomainError(f"balancer {self.balancer!r}; allowed: {', '.join(BALANCERS)}")

    @property
    def saturation_throughput(self) -> Estimate:
        """Rate beyond which no queue is in steady state. [req/s]"""
        method = f"{self.service.saturation_throughput.method}, times the scaling law at {self.instances}"
        return self.service.saturation_throughput.scaled(self._more, method=method)

    def predict(self, arrival_rate: float, q: float | None = None) -> Estimate:
        """Response time at a rate for the whole fleet [req/s]: its quantile `q`, or its mean. [s]

        Raises
        ------
        DomainError
            If the rate is not between 0 and the saturation throughput of the fleet.
        """
        limit = float(self.saturation_throughput.value or 0.0)
        if not 0 < arrival_rate < limit:
            raise DomainError(
                f"no steady state at {arrival_rate:g} req/s on {self.instances} instances; give a rate above 0 "
                f"and below {number(limit)} req/s"
            )
        slower = self._shares / self._more
        method = f"predicted at {number(arrival_rate)} req/s on {self.instances} instances"
        queues = self._shares if self._one_queue else 1.0
        return self._seen.predict(arrival_rate / self._more * queues, q).scaled(slower, method=method)

    @cached_property
    def _seen(self) -> Service:
        """The service as the balancer lets requests see it, without what the scaling law takes."""
        if self.balancer is None:
            return self.service
        if self._one_queue:
            return self.service.in_production(self.dispersion).pooled(self._shares)
        shares = max(self._shares, 1.0)
        thinned = (
            self.dispersion / shares if self.balancer == "round-robin" else 1 + (self.dispersion - 1) / shares
        )
        return self.service.in_production(thinned)

    @property
    def _one_queue(self) -> bool:
        return self.balancer == "least-connections" and self._shares > 1

    @property
    def _shares(self) -> float:
        """Instances over those tested, which were one behind the same address."""
        return self.instances / self.tested

    @property
    def _more(self) -> float:
        """Throughput of the fleet over that of the instances tested."""
        return float(self.law.throughput_at(self.instances) / self.law.throughput_at(self.tested))


@dataclass(frozen=True, eq=False)
class Responses:
    """Response times of fleets of several sizes at one load.

    Parameters
    ----------
    load : float
        For the whole fleet. [req/s]
    sizes : pandas.DataFrame
        instances, utilization [fraction], mean, p95, p99 [s]; None where there is no steady state.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> study.fleet_responses.sizes[["instances", "utilization"]].round(2).values.tolist()  # [fraction]
    [[1.0, 0.86], [2.0, 0.44], [3.0, 0.3], [4.0, 0.23], [5.0, 0.19]]
    """

    load: float
    sizes: pd.DataFrame

    @property
    def text(self) -> str:
        """The smallest fleet in steady state and the next, in a sentence."""
        known = self.sizes.dropna(subset=["p95"]).head(2)
        times = [
            f"{counted(row.instances, 'instance')} within {replace(row.p95.scaled(1000), unit='ms')}"
            for row in known.itertuples()
        ]
        if not times:
            return f"At {number(self.load)} req/s the queue of each of these fleets would grow without end."
        return f"At {number(self.load)} req/s 95% of the requests would be answered by {' and '.join(times)}."

    def to_frame(self) -> pd.DataFrame:
        """One row a size."""
        return self.sizes

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.sizes, f"Response times at {number(self.load)} req/s", self.text)


def at_load(
    service: Service,
    law: Usl,
    sizes: Sequence[int],
    arrival_rate: float,
    *,
    tested: int = 1,
    balancer: str | None = None,
    dispersion: float = 1.0,
) -> Responses:
    """Response times of fleets of several sizes at one load.

    Parameters
    ----------
    service, law, tested, balancer, dispersion
        As of `FleetResponse`.
    sizes : sequence of int
        [instances]
    arrival_rate : float
        For the whole fleet. [req/s]

    """
    import pandas as pd

    fleets = [FleetResponse(service, law, size, tested, balancer, dispersion) for size in sizes]
    rows = []
    for fleet in fleets:
        utilization = arrival_rate / float(fleet.saturation_throughput.value or 0.0)
        asked = (("mean", None), ("p95", 0.95), ("p99", 0.99))
        times = {name: fleet.predict(arrival_rate, q) if utilization < 1 else None for name, q in asked}
        rows.append({"instances": fleet.instances, "utilization": utilization, **times})
    return Responses(arrival_rate, pd.DataFrame(rows))
