"""What the number of instances rests on, and how a changed plan leads to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from capacity.estimate import Estimate
from capacity.plan import Plan
from capacity.planning.assumptions.answers import Basis
from capacity.planning.assumptions.inputs import Input
from capacity.planning.assumptions.values import (
    around,
    instances,
    of_requests,
    rise,
    seconds,
    source,
    told,
)  # fmt: skip
from capacity.wording import counted, percent


@dataclass(frozen=True, eq=False)
class Stated:
    """The plan, what it leads to, and how it leads to something else when one of its keys is changed.

    Parameters
    ----------
    plan : Plan
        As it stands.
    basis : Basis
        What the answer is computed from.
    of : callable
        The basis of another plan of the same tests; its second argument says whether the service model counts.
    dispersion : Estimate
        How irregular requests arrive. [1]
    in_production : bool
        Whether the capacity is for production's arrivals already, by the service model.
    tested : int
        Most instances that a test met. [instances]
    """

    plan: Plan
    basis: Basis
    of: Callable[..., Basis]
    dispersion: Estimate
    in_production: bool
    tested: int

    def changed(self, section: str, **values: Any) -> Basis:
        """Return the basis with keys of one section replaced."""
        replaced = getattr(self.plan, section).model_copy(update=values)
        return self.of(self.plan.model_copy(update={section: replaced}))

    def of_policy(
        self,
        name: str,
        key: str,
        write: Callable[[Any], str],
        ends: tuple[float | None, float | None],
        *,
        group: str = "policy",
        idle: str = "",
    ) -> Input:
        """Return the input that a key of the policy is."""
        policy = self.plan.policy
        now = getattr(policy, key)
        if ends == (None, None):
            ends = (None, type(policy).model_fields[key].default)
        whole = isinstance(now, int)

        def at(value: float) -> Basis:
            return self.changed("policy", **{key: round(value) if whole else value})

        return Input(
            group, name, f"policy.{key}", told(policy, key, write), source(policy, key), at, ends,
            None if whole else float(now), write, idle,
        )  # fmt: skip


def of_policy(stated: Stated, size: int) -> Iterator[Input]:
    """What the fleet must survive."""
    policy = stated.plan.policy
    spare, deploying = policy.spare_instances, policy.deploying_instances
    yield stated.of_policy(
        "instances that may be lost at the peak", "spare_instances", instances, (_less(spare), spare + 1)
    )
    yield stated.of_policy(
        "instances out of service in a deployment", "deploying_instances", instances, (_less(deploying), deploying + 1),
        idle=f"{counted(stated.basis.policy.lost(size), 'instance')} may be lost anyway",
    )  # fmt: skip
    yield _zones(stated)
    yield stated.of_policy("retries", "retry_budget", of_requests, around(policy.retry_budget))
    yield stated.of_policy(
        "time until a new instance serves", "scaling_lag_seconds", seconds, around(policy.scaling_lag_seconds),
        idle="it counts only with a ramp, and policy.ramp_per_second is not given",
    )  # fmt: skip
    yield _ramp(stated)
    yield stated.of_policy(
        "accepted chance of missing the SLO",
        "risk",
        percent,
        (policy.risk / 2, min(policy.risk * 2, 0.5)),
        idle="" if stated.basis.demand else "nothing is missed where no demand is known",
    )
    yield Input(
        "policy", "how requests find an instance", "policy.balancer", told(policy, "balancer", str),
        source(policy, "balancer"), idle="it decides the response times of the sizes, not how many are enough",
    )  # fmt: skip


def of_arrivals(stated: Stated) -> Iterator[Input]:
    """How irregular requests arrive within moments."""
    policy, found = stated.plan.policy, stated.dispersion
    spread = found.low < found.high
    ends = (found.low, found.high) if spread else around(found.value or 1.0)
    words = str(found) if policy.dispersion is not None else f"{found}: {found.method}"
    yield Input(
        "arrivals", "variance of the requests in a burst over their mean", "policy.dispersion", words, found.provenance,
        lambda much: stated.changed("policy", dispersion=much), ends,
    )  # fmt: skip
    idle = "the capacity is for irregular arrivals already" if stated.in_production else ""
    share = policy.burst_quantile
    rarer = (1 - min((1 - share) * 10, 0.5), 1 - (1 - share) / 10)
    yield stated.of_policy(
        "length of a burst",
        "burst_seconds",
        seconds,
        around(policy.burst_seconds),
        group="arrivals",
        idle=idle,
    )
    yield stated.of_policy(
        "bursts that stay under the limit", "burst_quantile", percent, rarer, group="arrivals", idle=idle
    )


def _less(n: int) -> int | None:
    return n - 1 if n else None


def _zones(stated: Stated) -> Input:
    zones = stated.plan.policy.zones
    ends = (3.0, 2.0) if zones is None else (zones + 1.0, zones - 1.0 if zones > 2 else None)
    value = "no zone may be lost, the default" if zones is None else f"one of {zones} may be lost"
    return Input(
        "policy", "zones, one of which may be lost", "policy.zones", value, source(stated.plan.policy, "zones"),
        lambda n: stated.changed("policy", zones=round(n)), ends, None, lambda n: f"{n:g} zones",
    )  # fmt: skip


def _ramp(stated: Stated) -> Input:
    policy, key, name = stated.plan.policy, "ramp_per_second", "steepest rise of the load"
    ramp, lag = policy.ramp_per_second, policy.scaling_lag_seconds
    idle = "" if lag else "no time passes until a new instance serves"
    if ramp is not None:
        return stated.of_policy(name, key, rise, around(ramp), idle=idle)
    value = "none, the default: all instances run before the peak"
    if not lag:
        return Input("policy", name, f"policy.{key}", value, "assumed", idle=idle)
    full = stated.basis.capacity.low / lag  # by so steep a rise an instance is full when the next one serves
    return Input(
        "policy", name, f"policy.{key}", value, "assumed",
        lambda steep: stated.changed("policy", ramp_per_second=steep), (None, full), 0.0, rise,
    )  # fmt: skip
