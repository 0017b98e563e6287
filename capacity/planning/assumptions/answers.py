"""What a plan answers, computed again with one input replaced: the same formulas, worlds and seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capacity.errors import CapacityError
from capacity.estimate import Estimate, number
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.fleet import MOST_INSTANCES
from capacity.planning.fleet.headroom import Policy, relative_capacity, safe_loads, waterfall
from capacity.planning.fleet.options import Fleets
from capacity.planning.fleet.scaling import Scaling, sampled_laws
from capacity.planning.fleet.shared import Shared
from capacity.planning.readiness.gates import chance
from capacity.shown import Shown
from capacity.wording import counted

MUCH = 0.10  # share of a result from which on a change of it is more than little
_SIZES, _MORE = 4, 16  # sizes looked at: so many times the fleet recommended, and so many more
_MOST = 128  # sizes looked at where no fleet is enough
_HALVINGS = 12  # of an interval in which the answer changes


@dataclass(frozen=True, eq=False)
class Basis:
    """What the number of instances is computed from.

    Parameters
    ----------
    capacity : Estimate
        What one instance may be given; its low end is above 0. [req/s]
    scaling : Usl, Fit or AssumedScaling
        Law across instances.
    policy : Policy
        What the fleet must survive.
    shared : Shared
        What all instances share.
    running : int
        Today's fleet. [instances]
    seed : int
        Of the sampled worlds.
    demand : Demand, optional
        What may be asked; without it the answer is a load, not a number of instances.
    """

    capacity: Estimate
    scaling: Scaling
    policy: Policy
    shared: Shared
    running: int
    seed: int
    demand: Demand | None = None


@dataclass(frozen=True)
class Answer(Shown):
    """What the plan answers.

    Parameters
    ----------
    size : int
        The fleet spoken of: the recommended one, else today's or the smallest that may be given something.
        [instances]
    load : float
        What that fleet may be given, in the middle of the worlds. [req/s]
    missed : float or None
        Chance that it misses the objectives; None without a demand. [fraction]
    instances : int or None
        Fewest that are enough; None without a demand, or where none of those looked at are. [instances]
    most : int
        Largest fleet looked at. [instances]
    peak, risk : float
        Mean of the largest peaks [req/s], and the accepted chance [fraction] it was judged by.

    Examples
    --------
    >>> print(Answer(size=3, load=450.0, missed=0.12, instances=4, most=28))
    4 instances (chance to miss with 3: 12.0%)
    """

    size: int
    load: float
    missed: float | None = None
    instances: int | None = None
    most: int = 0
    peak: float = 0.0
    risk: float = 0.0

    @property
    def text(self) -> str:
        """The answer in a few words."""
        if self.missed is None:
            return f"{number(self.load)} req/s on {counted(self.size, 'instance')}"
        if self.instances == self.size:
            return f"{counted(self.size, 'instance')} (chance to miss {chance(self.missed)})"
        enough = (
            f"none of up to {counted(self.most, 'instance')}"
            if self.instances is None
            else counted(self.instances, "instance")
        )
        return f"{enough} (chance to miss with {self.size}: {chance(self.missed)})"

    def away(self, other: Answer) -> float:
        """How far another answer is: in [instances], or without a demand as a share of the load [fraction]."""
        if self.missed is None:
            return abs(other.load - self.load) / self.load if self.load > 0 else float(other.load > 0)
        mine, its = (self.most + 1 if a.instances is None else a.instances for a in (self, other))
        return float(abs(its - mine))

    def differs(self, other: Answer) -> bool:
        """Whether the decision would be another one."""
        return self.away(other) >= (MUCH if self.missed is None else 1)


class Sizing:
    """The fewest instances for any basis, in the worlds in which `plan_fleet` judges.

    Parameters
    ----------
    basis : Basis
        As the plan has it.
    recommended : int, optional
        What `plan_fleet` recommends. [instances]
    """

    def __init__(self, basis: Basis, recommended: int | None = None) -> None:
        self._drawn: dict[tuple[object, ...], np.ndarray] = {}
        if recommended is None and basis.demand is not None:
            self.most = _MOST
            self.size = self._fleets(basis, basis.demand).strongest
        else:
            self.size = recommended or _smallest(basis)
            self.most = min(_SIZES * self.size + _MORE, MOST_INSTANCES)

    def answer(self, basis: Basis) -> Answer:
        """Answer for one basis."""
        demand = basis.demand
        if demand is None:
            carried = waterfall(basis.capacity, self.size, basis.scaling, basis.policy, shared=basis.shared)
            return Answer(self.size, carried.safe_load)
        fleets = self._fleets(basis, demand)
        load = float(np.median(fleets.safe[:, self.size]))
        peak, risk = float(demand.peaks.mean()), basis.policy.risk
        return Answer(self.size, load, float(fleets.missed[self.size]), fleets.fewest, self.most, peak, risk)

    def _fleets(self, basis: Basis, demand: Demand) -> Fleets:
        rng, worlds = np.random.default_rng(basis.seed), len(demand.peaks)
        known = basis.capacity.bounded
        one = basis.capacity.sample(rng, worlds) if known else np.full(worlds, basis.capacity.low)
        key = (basis.scaling, known, basis.capacity.value is None, worlds)
        if key not in self._drawn:
            self._drawn[key] = relative_capacity(sampled_laws(basis.scaling, rng, worlds), self.most)
        safe = safe_loads(one, self._drawn[key], basis.policy, basis.shared.rate)
        return Fleets(safe, safe, demand, basis.policy, basis.shared)


def _smallest(basis: Basis) -> int:
    """Today's fleet, or the smallest beyond it that has instances left when those of the policy are lost."""
    sizes = range(basis.running, MOST_INSTANCES)
    return next((n for n in sizes if n > basis.policy.lost(n)), basis.running)


@dataclass(frozen=True)
class Trial(Shown):
    """One value tried in place of an input, and what the answer became.

    Parameters
    ----------
    value, answer : str
        In words; the answer says why where it could not be computed.
    instances, missed, load, worth : float or None
        What of it are numbers. [instances], [fraction], [req/s], [money or min/y]

    Examples
    --------
    >>> print(Trial("2 instances", "4 instances (chance to miss with 3: 93.3%)", instances=4, missed=0.933))
    2 instances: 4 instances (chance to miss with 3: 93.3%)
    """

    value: str
    answer: str
    instances: int | None = None
    missed: float | None = None
    load: float | None = None
    worth: float | None = None

    @property
    def text(self) -> str:
        """The value and the answer."""
        return f"{self.value}: {self.answer}"

    @property
    def short(self) -> str:
        """The answer without the chance that goes with it."""
        return self.answer.partition(" (chance")[0]


def tried(value: str, ask: Callable[[float], Answer], at: float) -> tuple[Trial, Answer | None]:
    """Ask for an answer; where there is none the trial says why."""
    try:
        found = ask(at)
    except CapacityError as reason:
        return Trial(value, f"not computed: {reason}"), None
    return Trial(value, found.text, found.instances, found.missed, found.load), found


def last_the_same(ask: Callable[[float], Answer], base: Answer, now: float, end: float) -> float:
    """Value next to the one at which the decision changes, between one without and one with another decision."""
    for _ in range(_HALVINGS):
        middle = (now + end) / 2
        if base.differs(ask(middle)):
            end = middle
        else:
            now = middle
    return now
