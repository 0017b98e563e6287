"""What can be turned in a what-if: each assumption with its unit, the plan's value and the values worth trying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from capacity.errors import DomainError, UsageError
from capacity.estimate import number
from capacity.models import domain
from capacity.shown import Shown
from capacity.wording import counted

_DEMAND = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0)  # times the forecast
_P95 = (0.5, 0.65, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0)  # times that of the plan
_RETRIES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 0.95)  # share of first attempts
_HITS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # share of requests
_DISPERSION = (0.5, 1.5, 2.0, 3.0, 5.0, 8.0)  # times that of the plan
_FEWEST_TRIED = 6  # instances up to which a fleet is tried at least
_MORE = 2  # times the fleet that runs or is needed, up to which it is tried


class _About(NamedTuple):
    """What is said of one knob: its name, the unit of its axis, what its positions are, and how one is written."""

    title: str
    unit: str
    meaning: str
    write: Callable[[float], str]


def _percent(share: float) -> str:
    return f"{number(100 * share)}%"


_ABOUT = {
    "demand": _About(
        "Demand", "× forecast", "times the forecast of the plan, on every day", lambda v: f"{number(v)} ×"
    ),
    "instances": _About("Instances", "", "running, in place of today's", lambda v: counted(v, "instance")),
    "p95_ms": _About(
        "P95 objective", "ms", "that 95% of the answers must stay within [ms]", lambda v: f"{number(v)} ms"
    ),
    "retry_budget": _About("Retry budget", "%", "retries allowed, as a share of first attempts", _percent),
    "hit_ratio": _About(
        "Cache hit ratio", "%", "requests that a new cache answers before they reach an instance", _percent
    ),
    "dispersion": _About(
        "Burstiness",
        "",
        "variance over mean of the arrivals at the instances; independent users have 1",
        number,
    ),
}
NAMES = tuple(_ABOUT)
"""Every knob, in the order they are shown."""


@dataclass(frozen=True)
class Setting(Shown):
    """One position of all knobs. What does not exist for a plan is None.

    Parameters
    ----------
    instances : int
        Running. [instances]
    retry_budget : float
        Retries allowed, as a share of first attempts. [fraction]
    dispersion : float
        Variance over mean of the arrivals that reach the instances. [1]
    demand : float, optional
        Times the forecast, on every day of every world. [1]
    p95_ms : float, optional
        Response-time objective. [ms]
    hit_ratio : float
        Requests that a cache, which the tests had not, answers before they reach an instance. [fraction]

    Raises
    ------
    DomainError
        If a value is none there can be.

    Examples
    --------
    >>> plan = Setting(instances=2, retry_budget=0.1, dispersion=1.0, demand=1.0)
    >>> plan.changed(instances=3).told_against(plan)
    '3 instances instead of 2'
    """

    instances: int
    retry_budget: float
    dispersion: float
    demand: float | None = None
    p95_ms: float | None = None
    hit_ratio: float = 0.0

    def __post_init__(self) -> None:
        domain.count(instances=self.instances)
        domain.not_negative(retry_budget=self.retry_budget, hit_ratio=self.hit_ratio)
        domain.positive(dispersion=self.dispersion)
        optional = {"demand": self.demand, "p95_ms": self.p95_ms}
        domain.positive(**{name: value for name, value in optional.items() if value is not None})
        if self.retry_budget >= 1:
            raise DomainError(
                f"retry budget {self.retry_budget:g}; allowed, as in a plan: 0 to below 1 of the requests"
            )
        if self.hit_ratio >= 1:
            raise DomainError(
                f"hit ratio {self.hit_ratio:g}: no request would reach an instance; allowed: 0 to below 1"
            )

    def changed(self, **values: float) -> Setting:
        """Return this setting with some knobs turned.

        Parameters
        ----------
        **values : float
            By their names, as the fields. [unit of each knob]

        Raises
        ------
        UsageError
            If there is no such knob.
        DomainError
            If a knob does not exist for this plan, or a value is none there can be.
        """
        from capacity.fields import did_you_mean

        for name in values:
            if name not in NAMES:
                raise UsageError(f"no knob {name!r}; knobs: {', '.join(NAMES)}{did_you_mean(name, NAMES)}")
            if getattr(self, name) is None:
                raise DomainError(f"the plan states nothing that the knob {name!r} could change")
        return replace(self, **values)  # type: ignore[arg-type]

    def differences(self, other: Setting) -> dict[str, tuple[Any, Any]]:
        """Return the knobs that stand elsewhere in another setting: value here and there."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return {name: pairs[name] for name in NAMES if pairs[name][0] != pairs[name][1]}

    def told_against(self, plan: Setting) -> str:
        """Say which knobs stand elsewhere than in the plan; empty when none does."""
        return ", ".join(_words(name, now, before) for name, (now, before) in self.differences(plan).items())


@dataclass(frozen=True)
class Knob(Shown):
    """One assumption that can be turned.

    Parameters
    ----------
    name : str
        As in `Setting`.
    plan : float
        Where the plan has it. [unit of the knob]
    positions : tuple of float
        Values worth trying, rising; the plan's is one of them. [unit of the knob]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> knob = study.what_if.knobs[0]
    >>> knob.name, knob.plan, knob.unit
    ('demand', 1.0, '× forecast')
    """

    name: str
    plan: float
    positions: tuple[float, ...]

    @property
    def title(self) -> str:
        """Its name for people."""
        return _ABOUT[self.name].title

    @property
    def unit(self) -> str:
        """Unit of its axis; empty for a bare number."""
        return _ABOUT[self.name].unit

    @property
    def meaning(self) -> str:
        """What its positions are."""
        return _ABOUT[self.name].meaning

    def told(self, value: float) -> str:
        """Write one of its positions with its unit [unit of the knob].

        Examples
        --------
        >>> Knob("hit_ratio", 0.0, (0.0, 0.5)).told(0.5)
        '50%'
        """
        return told(self.name, value)


def title_of(name: str) -> str:
    """Return the name of a knob as it stands in a sentence.

    Examples
    --------
    >>> title_of("p95_ms"), title_of("hit_ratio")
    ('P95 objective', 'cache hit ratio')
    """
    title = _ABOUT[name].title
    return title if title.startswith("P95") else title.lower()


def told(name: str, value: float) -> str:
    """Write the value of a knob with its unit."""
    return _ABOUT[name].write(value)


def knobs(plan: Setting, *, needed: int | None, ceiling: float, floor: float) -> tuple[Knob, ...]:
    """Return the knobs a plan has, each with the values worth trying.

    Parameters
    ----------
    plan : Setting
        Where the plan has them.
    needed : int or None
        Fewest instances that the plan needs, where known. [instances]
    ceiling, floor : float
        Objectives for other quantiles, which that for P95 stays between. [ms]
    """
    most = max(_FEWEST_TRIED, _MORE * max(plan.instances, needed or 1))
    p95 = [] if plan.p95_ms is None else [v for v in _times(_P95, plan.p95_ms) if floor <= v <= ceiling]
    positions: Mapping[str, Iterable[float]] = {
        "demand": () if plan.demand is None else _DEMAND,
        "instances": _whole(most),
        "p95_ms": p95,
        "retry_budget": _RETRIES,
        "hit_ratio": _HITS,
        "dispersion": _times(_DISPERSION, plan.dispersion),
    }
    return tuple(
        Knob(name, getattr(plan, name), tuple(sorted({*tried, getattr(plan, name)})))
        for name, tried in positions.items()
        if getattr(plan, name) is not None
    )


def _times(factors: Sequence[float], value: float) -> list[float]:
    """Return multiples, rounded to what a slider can say; that of one, which is the plan's, is not among them."""
    return [float(f"{factor * value:.3g}") for factor in factors]


def _whole(most: int) -> list[int]:
    """Return every count up to a dozen, beyond that a dozen of them."""
    step = math.ceil(most / 12)
    return sorted({1, *range(step, most + 1, step)})


def _words(name: str, now: float, plan: float) -> str:
    if name == "instances":
        return f"{counted(now, 'instance')} instead of {plan:,}"
    return f"{title_of(name)} {told(name, now)} instead of {told(name, plan)}"
