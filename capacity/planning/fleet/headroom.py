"""From what instances could carry to what a fleet may be given, policy by policy."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.models.overload.backlog import rise_during
from capacity.models.overload.retries import metastable_safe_load
from capacity.models.scalability import Usl
from capacity.planning.fleet.scaling import Scaling, law_of
from capacity.planning.fleet.shared import Shared
from capacity.shown import Shown
from capacity.wording import counted, percent

if TYPE_CHECKING:
    import pandas as pd

STEPS = ("contention", "spare instances", "shared limits", "retry budget", "scaling lag", "burst")


@dataclass(frozen=True)
class Policy(Shown):
    """What a fleet must survive without missing its objective.

    Parameters
    ----------
    spare_instances : int
        Instances that may be lost at the peak. [instances]
    retry_budget : float
        Repetitions as a share of first attempts at which they stop. [fraction]
    scaling_lag_seconds : float
        From "too busy" to a new instance in service. [s]
    ramp_per_second : float, optional
        Steepest rise of the load to be met while scaling; None: all instances run before the peak. [req/s
        per s]
    risk : float
        Accepted chance of missing the objective at the peak. [fraction]
    deploying_instances : int
        Instances out of service during a deployment; counts when more than the spare ones. [instances]
    zones : int, optional
        Zones that the instances are spread over evenly, one of which may be lost; None: no zone may. [zones]
    dispersion : float
        Variance over mean of arrivals in a burst interval; 1 for Poisson arrivals, 0 where the capacity given is for
        irregular arrivals already. [1]
    burst_seconds, burst_quantile : float
        Interval in which arrivals may exceed the capacity in 1 - quantile of cases. [s], [fraction]
    shared_dispersion : float, optional
        Dispersion where arrivals meet what all instances share, if not the same: a cache between leaves the
        instances fewer requests, and those no more irregular than what it was asked for. [1]

    Raises
    ------
    DomainError
        If a value is outside its range.

    Examples
    --------
    >>> import capacity as cap
    >>> policy = cap.Policy(spare_instances=1, deploying_instances=2, retry_budget=0.10)
    >>> policy.lost(6)  # [instances]
    2
    """

    spare_instances: int = 1
    retry_budget: float = 0.10
    scaling_lag_seconds: float = 90.0
    ramp_per_second: float | None = None
    risk: float = 0.05
    deploying_instances: int = 0
    zones: int | None = None
    dispersion: float = 1.0
    burst_seconds: float = 1.0
    burst_quantile: float = 0.999
    shared_dispersion: float | None = None

    def __post_init__(self) -> None:
        _check("spare_instances", self.spare_instances, 0, math.inf)
        _check("deploying_instances", self.deploying_instances, 0, math.inf)
        _check("zones", 2 if self.zones is None else self.zones, 2, math.inf)
        _check("retry_budget", self.retry_budget, 0, 100)
        _check("scaling_lag_seconds", self.scaling_lag_seconds, 0, math.inf)
        _check("ramp_per_second", self.ramp_per_second or 0.0, 0, math.inf)
        _check("risk", self.risk, 1e-6, 0.5)
        _check("dispersion", self.dispersion, 0, math.inf)
        _check("burst_seconds", self.burst_seconds, 1e-3, math.inf)
        _check("burst_quantile", self.burst_quantile, 0.5, 1 - 1e-9)

    def lost(self, instances: int) -> int:
        """Of so many [instances] those to do without: spare, in deployment or in one zone, whichever is most."""
        zone = 0 if self.zones is None else math.ceil(instances / self.zones)
        return max(self.spare_instances, self.deploying_instances, zone)


@dataclass(frozen=True)
class Step(Shown):
    """One reduction on the way from nominal to safe load.

    Parameters
    ----------
    name : str
        Which of `STEPS`.
    policy : str
        What is asked, in words.
    load : float
        Left after it. [req/s]
    reduction : float
        Taken by it. [req/s]
    on : bool
        Whether the policy asks for it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> [(step.name, round(step.reduction)) for step in study.headroom.steps if step.on][:2]  # [req/s]
    [('contention', 14), ('spare instances', 245)]
    """

    name: str
    policy: str
    load: float
    reduction: float
    on: bool


@dataclass(frozen=True)
class Waterfall:
    """From nominal to safe load, step by step.

    Parameters
    ----------
    instances : int
        Size of the fleet. [instances]
    nominal : float
        Instances times the capacity of one. [req/s]
    steps : tuple of Step
        In the order they apply.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.headroom)
    Of 518 req/s nominal 227 req/s (43.7%) are safe on 2 instances
    """

    instances: int
    nominal: float
    steps: tuple[Step, ...]

    @property
    def safe_load(self) -> float:
        """Load left after every step. [req/s]"""
        return self.steps[-1].load

    @property
    def text(self) -> str:
        """The waterfall in one sentence."""
        losses = ", ".join(f"{step.name} {number(step.reduction)}" for step in self.steps if step.on)
        return f"{self}; taken off [req/s]: {losses or 'nothing'}."

    def to_frame(self) -> pd.DataFrame:
        """Step, policy, load left and reduction [req/s], share of nominal, on."""
        import pandas as pd

        first = Step("nominal", counted(self.instances, "instance"), self.nominal, 0.0, True)
        return pd.DataFrame(
            [
                {
                    "step": step.name,
                    "policy": step.policy,
                    "load": step.load,
                    "reduction": step.reduction,
                    "share": step.load / self.nominal,
                    "on": step.on,
                }
                for step in (first, *self.steps)
            ]
        )

    def __str__(self) -> str:
        share = self.safe_load / self.nominal
        return (
            f"Of {number(self.nominal)} req/s nominal {number(self.safe_load)} req/s ({share:.1%}) are safe "
            f"on {counted(self.instances, 'instance')}"
        )

    def _repr_html_(self) -> str:
        return result_html(
            self.to_frame(), f"From nominal to safe load of {counted(self.instances, 'instance')}", self.text
        )


def waterfall(
    instance_capacity: float | Estimate,
    instances: int,
    scaling: Scaling,
    policy: Policy,
    *,
    shared: Shared | None = None,
    off: Collection[str] = (),
) -> Waterfall:
    """Reduce the nominal capacity of a fleet to the load it may be given.

    Parameters
    ----------
    instance_capacity : float or Estimate
        What one instance carries within its objective; of an estimate its value, or its bound from below.
        [req/s]
    instances : int
        Size of the fleet; nothing is safe when it is not more than `policy.lost` of it. [instances]
    scaling : Usl, Fit or AssumedScaling
        Law of scaling across instances; only its shape is used.
    policy : Policy
        What must be survived.
    shared : Shared, optional
        What all instances share.
    off : collection of str
        Steps switched off, of `STEPS`.

    Raises
    ------
    DomainError
        If a number is not above zero, or a step is unknown.

    Examples
    --------
    >>> policy = Policy(ramp_per_second=1.0)
    >>> print(waterfall(300.0, 4, Usl(300.0, 0.03, 0.0005), policy))
    Of 1,200 req/s nominal 604 req/s (50.3%) are safe on 4 instances
    """
    unknown = sorted(set(off) - set(STEPS))
    if unknown:
        raise DomainError(f"no step {unknown[0]!r} in the waterfall; steps: {', '.join(STEPS)}")
    one = _value(instance_capacity)
    if not (one > 0 and math.isfinite(one) and instances >= 1):
        raise DomainError(f"{instances} instances of {one:g} req/s; both must be above zero and finite")
    relative = (
        np.arange(instances + 1.0)[None, :]
        if "contention" in off
        else relative_capacity([law_of(scaling)], instances)
    )
    shared = shared or Shared()
    loads = _loads(one, relative, policy, shared.rate, off)
    before = [instances * one, *(float(load[0, -1]) for load in loads)]
    words, applies = _words(policy, shared, instances), _applies(policy, shared)
    steps = tuple(
        Step(name, words[name], after, was - after, name not in off and applies.get(name, True))
        for name, was, after in zip(STEPS, before[:-1], before[1:], strict=True)
    )
    return Waterfall(instances, before[0], steps)


def safe_loads(
    instance_capacity: np.ndarray, relative: np.ndarray, policy: Policy, shared_rate: float = math.inf
) -> np.ndarray:
    """Load that each fleet size may be given, in each world. [req/s]

    Parameters
    ----------
    instance_capacity : ndarray
        In each world. [req/s]
    relative : ndarray
        Capacity of 0, 1, ... n instances in units of one instance, a row for each world (or one row for all).
    policy : Policy
        What must be survived.
    shared_rate : float
        At which something all instances share ends. [req/s]

    Returns
    -------
    ndarray
        worlds x (n + 1), column n for n instances; zero where a fleet has nothing left.
    """
    return _loads(instance_capacity[:, None], relative, policy, shared_rate, ())[-1]


def relative_capacity(laws: Sequence[Usl], instances: int) -> np.ndarray:
    """Capacity of 0, 1, ... `instances` instances in units of one instance, a row for each law."""
    sizes = np.arange(1.0, instances + 1)
    throughput = np.array([law.throughput_at(sizes) for law in laws])
    return np.pad(throughput / throughput[:, :1], ((0, 0), (1, 0)))


def largest_mean(limit: np.ndarray, policy: Policy) -> np.ndarray:
    """Largest mean rate whose bursts stay under the limit in the share of cases wanted. [req/s]

    Solves m + z sqrt(I m) = limit for the mean count m of an interval, with dispersion I (normal
    approximation).

    Examples
    --------
    >>> float(largest_mean(np.array(300.0), Policy(dispersion=3.0))).__round__(1)
    220.5
    """
    z = NormalDist().inv_cdf(policy.burst_quantile)
    count = np.maximum(limit, 0.0) * policy.burst_seconds
    root = (np.sqrt(z * z * policy.dispersion + 4 * count) - z * math.sqrt(policy.dispersion)) / 2
    return np.where(count > 0, root * root / policy.burst_seconds, 0.0)


def _value(capacity: float | Estimate) -> float:
    return capacity.known_low if isinstance(capacity, Estimate) else float(capacity)


def _loads(
    instance_capacity: np.ndarray | float,
    relative: np.ndarray,
    policy: Policy,
    shared_rate: float,
    off: Collection[str],
) -> list[np.ndarray]:
    """Load after each of `STEPS`, for 0, 1, ... n instances in the columns."""
    whole = instance_capacity * relative
    sizes = np.arange(relative.shape[1])
    lost = 0 if "spare instances" in off else np.array([policy.lost(int(n)) for n in sizes])
    left = whole[:, np.maximum(sizes - lost, 0)]
    carried = left if "shared limits" in off else np.minimum(left, shared_rate)
    attempts = 1.0 if "retry budget" in off else 1 + policy.retry_budget
    ramp = (
        0.0
        if "scaling lag" in off
        else rise_during(policy.ramp_per_second or 0.0, policy.scaling_lag_seconds)
    )

    def ready_for(load: np.ndarray) -> np.ndarray:
        return np.maximum(metastable_safe_load(load, attempts) - ramp, 0.0)

    once, ready = np.asarray(metastable_safe_load(carried, attempts)), ready_for(carried)
    steady = ready if "burst" in off else largest_mean(ready, policy)
    apart = policy.shared_dispersion is not None and math.isfinite(shared_rate)
    if apart and not {"burst", "shared limits"} & set(off):
        before = replace(policy, dispersion=policy.shared_dispersion or 0.0)
        end = largest_mean(ready_for(np.asarray(shared_rate)), before)
        steady = np.minimum(largest_mean(ready_for(left), policy), end)
    return [whole, left, carried, once, ready, steady]


def _applies(policy: Policy, shared: Shared) -> dict[str, bool]:
    """Whether a step that may not apply does."""
    return {
        "burst": policy.dispersion > 0,
        "scaling lag": policy.ramp_per_second is not None,
        "shared limits": shared.of_rate is not None,
    }


def _words(policy: Policy, shared: Shared, instances: int) -> dict[str, str]:
    """Each step's policy in words."""
    return {
        "contention": "instances get in each other's way",
        "spare instances": _lost_words(policy, instances),
        "shared limits": "none is given" if shared.of_rate is None else str(shared.of_rate),
        "retry budget": f"retries up to {percent(policy.retry_budget)} of requests",
        "scaling lag": "no ramp given: all instances run before the peak"
        if policy.ramp_per_second is None
        else f"{policy.ramp_per_second:g} req/s per s for {policy.scaling_lag_seconds:g} s until a new instance serves",
        "burst": "the capacity is for irregular arrivals already"
        if policy.dispersion == 0
        else f"{policy.burst_seconds:g} s counts stay under the limit in {percent(policy.burst_quantile)} "
        f"of cases" + (f", dispersion {policy.dispersion:g}" if policy.dispersion != 1 else ", Poisson"),
    }


def _lost_words(policy: Policy, instances: int) -> str:
    lost = policy.lost(instances)
    if policy.zones is not None and lost > max(policy.spare_instances, policy.deploying_instances):
        return f"one of {policy.zones} zones may be lost: {counted(lost, 'instance')}"
    if policy.deploying_instances > policy.spare_instances:
        return f"{lost} are out of service during a deployment"
    return f"{lost} may be lost"


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise DomainError(f"policy {name} = {value:g}; allowed: {low:g} to {high:g}")
