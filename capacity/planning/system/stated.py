"""What the investments of a plan state, checked: facts about today, ranges as they are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import UsageError
from capacity.models.finance import pert_mean, pert_sample
from capacity.planning.levers.catalogue import FACTS, LEVERS, Parameter
from capacity.planning.system.parts import Quantity
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR

if TYPE_CHECKING:
    from capacity.plan import Investment

Given = float | Sequence[float]  # a number, or low, likely, high

_EACH_YEAR = (  # times a year, and the minutes each of them lasts
    ("deploys_per_year", ("planned_minutes",)),
    ("incidents_per_year", ("detect_minutes", "triage_minutes", "diagnose_minutes", "fix_minutes")),
    ("silent_per_year", ("silent_detect_minutes", "silent_diagnose_minutes", "silent_fix_minutes")),
    ("overloads_per_year", ("stuck_minutes",)),
)


def facts_of(investments: Iterable[Investment]) -> dict[str, Given]:
    """Collect what the investments say about today; each fact holds for all of them.

    Raises
    ------
    UsageError
        If a lever does not have a parameter given, a value is outside its range, two investments disagree, or
        facts contradict each other.
    """
    facts: dict[str, Given] = {}
    stated_by: dict[str, str] = {}
    for investment in investments:
        for name, value in investment.parameters.items():
            parameter = _parameter(investment.lever, name)
            if parameter is None:
                continue
            _check(investment.lever, parameter, value)
            if name in FACTS and name in facts and three_of(facts[name]) != three_of(value):
                raise UsageError(
                    f"investment {investment.lever!r}: {name} = {written(value)} contradicts {name} = "
                    f"{written(facts[name])} given with another investment; it describes today, so give it once"
                )
            if name in FACTS:
                facts[name] = value
                stated_by.setdefault(name, investment.lever)
    for names, problem in contradictions(facts):
        given = ", ".join(f"{name} = {written(facts[name])}" for name in names)
        raise UsageError(f"investment {stated_by[names[-1]]!r}: {given}; allowed: {problem}")
    return facts


def contradictions(facts: Mapping[str, Given]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Facts that cannot be true together, the last of them to be named, and what is allowed."""
    three = {name: three_of(given) for name, given in facts.items()}
    low, likely, high = ({name: value[place] for name, value in three.items()} for place in range(3))
    if high.get("reserved_connections", -1.0) >= low.get("max_connections", math.inf):
        yield ("max_connections", "reserved_connections"), "fewer reserved than there are"
    if likely.get("contained_minutes", 0.0) > likely.get("stuck_minutes", math.inf):
        yield ("stuck_minutes", "contained_minutes"), "no longer when it is shed than when nothing ends it"
    for times, minutes in _EACH_YEAR:
        known = [name for name in minutes if name in facts]
        if (
            times in facts
            and mean_of(facts[times]) * sum(mean_of(facts[n]) for n in known) > MINUTES_PER_YEAR
        ):
            yield (*known, times), f"at most {MINUTES_PER_YEAR:,.0f} min a year in all"


def sampled(given: Given, rng: np.random.Generator, worlds: int) -> Quantity:
    """Return a number as it is, and a range of three drawn from its PERT distribution in each world."""
    low, likely, high = three_of(given)
    return low if low == high else pert_sample(rng, low, likely, high, worlds)


def mean_of(given: Given) -> float:
    """Mean of a number or of a range of three."""
    return pert_mean(*three_of(given))


def _parameter(lever: str, name: str) -> Parameter | None:
    """Find a parameter by its name; a lever without a model may have any."""
    from capacity.fields import did_you_mean

    known = LEVERS.get(lever)
    if known is None:
        return FACTS.get(name)
    own = {parameter.name: parameter for parameter in (*known.parameters, *known.facts)}
    allowed = {**FACTS, **own}
    if name not in allowed:
        raise UsageError(
            f"investment {lever!r}: unknown parameter {name!r}; allowed: "
            f"{', '.join(own)}{did_you_mean(name, allowed)}"
        )
    return allowed[name]


def _check(lever: str, parameter: Parameter, given: Given) -> None:
    low, likely, high = three_of(given)
    if not (parameter.low <= low <= likely <= high <= parameter.high and math.isfinite(high)):
        raise UsageError(
            f"investment {lever!r}: {parameter.name} = {written(given)}; allowed: {parameter.allowed}, "
            "a number or low <= likely <= high"
        )
    if parameter.whole and low == high and low != round(low):
        raise UsageError(
            f"investment {lever!r}: {parameter.name} = {written(given)}; allowed: a whole number [{parameter.unit}], "
            "or low <= likely <= high"
        )


def three_of(given: Given) -> tuple[float, float, float]:
    """Low, likely and high of what was given."""
    if isinstance(given, (int, float)):
        return float(given), float(given), float(given)
    low, likely, high = given
    return float(low), float(likely), float(high)


def written(given: Given) -> str:
    """What was given, as in the plan file."""
    if isinstance(given, (int, float)):
        return f"{given:g}"
    return f"[{', '.join(f'{value:g}' for value in given)}]"
