"""What claims are held against, and what the loads that were held show at another one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from capacity.evidence.claimed.verdicts import NOT_SUPPORTED, Answer, Stated, Verdict, together
from capacity.evidence.findings import Claim as Subject
from capacity.evidence.findings import Finding, Findings
from capacity.evidence.limits import Capacity
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo
from capacity.evidence.operating import Point, operating_points, same_mix
from capacity.evidence.resilience import Resilience
from capacity.evidence.steps import Step

_SAME_LOAD = 0.02  # relative difference of two rates that are one load
_HELD = 2  # periods a load must have been held for


@dataclass(frozen=True, eq=False)
class Evidence:
    """What claims are held against."""

    tests: Mapping[str, LoadTest]
    steps: Mapping[str, Sequence[Step]]
    capacity: Capacity
    findings: Findings
    slo: Slo | None = None
    resilience: Resilience | None = None
    _points: dict[int, tuple[Point, ...]] = field(default_factory=dict)

    def tests_of(self, stated: Stated) -> list[LoadTest]:
        """Return the run a claim names, else those of the deployment that capacity is given for."""
        if stated.run is not None:
            return [self.tests[stated.run]]
        return [test for test in self.tests.values() if test.instances == self.instances]

    @cached_property
    def instances(self) -> int:
        """Instances of the deployment that capacity is given for. [instances]"""
        if self.capacity.points:
            return self.capacity.points[0].step.instances
        return min((test.instances for test in self.tests.values()), default=1)

    def steps_of(self, tests: Iterable[LoadTest]) -> list[Step]:
        """Return the steps of some tests."""
        return [step for test in tests for step in self.steps.get(test.name, ())]

    def held(self, tests: Sequence[LoadTest]) -> list[Point]:
        """Return the loads that some tests of one deployment held, in order; without those still working off others."""
        names = {test.name for test in tests}
        return sorted(
            (p for p in self._points_at(tests[0].instances) if p.step.test in names and _is_held(p)),
            key=lambda p: p.step.offered,
        )

    def _points_at(self, instances: int) -> tuple[Point, ...]:
        if instances not in self._points:
            group = [test for test in self.tests.values() if test.instances == instances]
            self._points[instances] = operating_points(group, self.steps_of(group))
        return self._points[instances]

    def counted_in(self, subject: Subject, tests: Iterable[str], codes: Sequence[str]) -> tuple[str, ...]:
        """Return those of some codes that were found: a judgement that takes their figures into account names them."""
        return tuple(dict.fromkeys(f.code for f in self.about(subject, tests) if f.code in codes))

    def about(
        self,
        subject: Subject,
        tests: Iterable[str],
        *,
        endpoint: str | None = None,
        rows: Sequence[int] = (),
        answered: Sequence[str] = (),
    ) -> Findings:
        """Return the findings that bear on a claim: about its subject, run, endpoint and periods.

        A finding that voids what is said of some endpoints concerns those alone; codes in `answered` are left out
        because the judgement itself answers them.
        """
        names, periods = set(tests), set(rows)

        def concerns(f: Finding) -> bool:
            of_others = (
                f.endpoints and f.severity == "voids" if endpoint is None else endpoint not in f.endpoints
            )
            at_other_times = periods and f.periods and not periods & set(f.periods)
            return not of_others and not at_other_times and bool(names & set(f.test.split(", ")))

        told = (f for f in self.findings.about(subject) if f.severity != "notes" and f.code not in answered)
        return Findings(tuple(filter(concerns, told)))


def _is_held(point: Point) -> bool:
    step = point.step
    return step.kind == "plateau" and len(step.rows) >= _HELD and point.state != "draining"


def is_at(load: float, offered: float) -> bool:
    """Whether a rate offered is the load of a claim."""
    return abs(offered - load) <= _SAME_LOAD * load


def names_of(things: Iterable[LoadTest | Step]) -> str:
    """Return the names of tests, or of the tests of steps, each once."""
    return ", ".join(dict.fromkeys(t.test if isinstance(t, Step) else t.name for t in things))


@dataclass(frozen=True)
class Seen:
    """What was measured of a quantity at one load that was held; the bounds are open where it could not be."""

    point: Point
    low: float
    value: float | None
    high: float

    @property
    def offered(self) -> float:
        """The load. [req/s]"""
        return self.point.step.offered


@dataclass(frozen=True)
class Bracket:
    """What a quantity that rises with the load lies between at one load, and what shows it.

    Where runs held the load, they show it. Where none did, or their intervals leave the claim open, the quantity is at
    least what was seen at lower loads and at most what was seen at higher ones; nothing is interpolated. `low` exceeds
    `high` where the runs contradict each other.
    """

    low: float
    value: float | None
    high: float
    shown_by: tuple[Seen, ...]
    held: bool

    @classmethod
    def at(cls, load: float, seen: Sequence[Seen], decide: Callable[[float, float], Verdict]) -> Bracket:
        """Return the bounds at a load from what was seen at several, at least one."""
        here = [s for s in seen if is_at(load, s.offered)]
        if here:
            low, high = max(s.low for s in here), min(s.high for s in here)
            if low > high or decide(low, high) != NOT_SUPPORTED:
                return cls._of(low, high, here, held=True)
        below = [s for s in seen if s.offered <= load or s in here]
        above = [s for s in seen if s.offered >= load or s in here]
        lowest = max(below, key=lambda s: s.low, default=None)
        highest = min(above, key=lambda s: s.high, default=None)
        ends = [s for s in (lowest, highest) if s is not None]
        low, high = lowest.low if lowest else 0.0, highest.high if highest else math.inf
        return cls._of(low, high, [*here, *ends], held=bool(here))

    @classmethod
    def _of(cls, low: float, high: float, seen: Sequence[Seen], *, held: bool) -> Bracket:
        known = {id(s): s for s in seen}
        value = seen[0].value if len(known) == 1 and held else None
        inside = value if value is not None and low <= value <= high else None
        return cls(low, inside, high, tuple(sorted(known.values(), key=lambda s: s.offered)), held)

    @property
    def tests(self) -> set[str]:
        """Names of the tests that show it."""
        return {s.point.step.test for s in self.shown_by}

    @property
    def rows(self) -> tuple[int, ...]:
        """Periods that show it, where it is one test that does."""
        rows = sorted({row for s in self.shown_by for row in s.point.step.rows})
        return tuple(rows) if len(self.tests) == 1 else ()

    @property
    def names(self) -> str:
        """Names of the tests that show it, joined by commas."""
        return names_of(s.point.step for s in self.shown_by)

    def told(self, load: float) -> list[str]:
        """Say where the loads lie that show it, where no run held the one claimed."""
        if self.held:
            return []
        offered = [s.offered for s in self.shown_by]
        side = "above" if max(offered) < load else "below" if min(offered) > load else "between"
        return [f"No run held {load:g} req/s, which is {side} what was held."]


def by_scope(
    stated: Stated,
    evidence: Evidence,
    *,
    of_endpoint: Callable[[Stated, Evidence, list[LoadTest]], Answer],
    at_load: Callable[[Stated, Evidence, Sequence[LoadTest], float], Answer],
    of_run: Callable[[Stated, Evidence, LoadTest], Answer],
) -> Answer:
    """Answer a claim by what it is about: an endpoint, a load (mixes of requests apart), or each run as a whole."""
    tests = evidence.tests_of(stated)
    if stated.endpoint is not None:
        return of_endpoint(stated, evidence, [t for t in tests if stated.endpoint in t.endpoints.index])
    if stated.load is not None:
        load = stated.load
        return together(
            [at_load(stated, evidence, group, load) for group in same_mix(tests)], unanimous=False
        )
    return together([of_run(stated, evidence, test) for test in tests], unanimous=True)
