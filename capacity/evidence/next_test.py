"""The next test: the loads and times that would most narrow what the tests so far say of the capacity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, number
from capacity.evidence.findings import Finding, named
from capacity.evidence.limits import Capacity
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo
from capacity.evidence.planned.checks import metric_of
from capacity.evidence.planned.known import Known, gather
from capacity.evidence.planned.loads import Role, choose, startable
from capacity.evidence.planned.reasons import reasons
from capacity.evidence.planned.script import Endpoint, endpoints_of, write_script
from capacity.evidence.steps import Step
from capacity.shown import Shown
from capacity.wording import counted, paragraphs

if TYPE_CHECKING:
    from capacity.evidence.calibration import Service

LONGEST = 1200.0
"""The next test lasts at most this, unless asked otherwise. [s]"""

_COUNTING = 0.01  # share of a user's requests that may be under way where a stretch is cut

_PURPOSES: dict[Role, str] = {
    "limit": "served or too much: brackets the saturation throughput",
    "objective": "objectives kept or missed: narrows the load that keeps them",
    "overload": "more than is served: measures the saturation throughput itself",
    "baseline": "hardly any waiting: shows the law of the response times that all predictions start from",
    "calibration": "some waiting: shows how it grows, so how many workers share the load",
    "recovery": "back at a low load: shows whether the service recovers, and the overload left nothing behind",
}


@dataclass(frozen=True)
class Held(Shown):
    """One load of the next test, held for a while.

    Parameters
    ----------
    offered : float
        Requests to be sent. [req/s]
    arrival_rate : float
        Virtual users to be started: requests sent over requests per user. [users/s]
    duration : float
        How long, including the 10 s that leave whole reporting periods wherever the test begins. [s]
    role : str
        What it is to show: limit, objective, overload, baseline, calibration or recovery.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> held = study.next_test.phases[0]
    >>> round(held.offered), held.duration, held.role  # [req/s], [s]
    (264, 190.0, 'objective')
    """

    offered: float
    arrival_rate: float
    duration: float
    role: Role

    @property
    def purpose(self) -> str:
        """What it is to show, in words."""
        return _PURPOSES[self.role]


@dataclass(frozen=True, eq=False)
class NextTest:
    """The loads to hold next, why, and what to expect of each.

    Parameters
    ----------
    phases : tuple of Held
        The loads in the order of the test.
    why : tuple of str
        What is not known now, and what the test does about it.
    expected : DataFrame
        One row a phase: `offered`, `goodput` [req/s], `p95`, `p99` [s] as estimates, None where nothing predicts them.
    requests_per_user : float
        Requests that one virtual user sends. [requests]
    endpoints : tuple of Endpoint
        What the tests asked for, for a script where there is none to start from.
    error_rate : float
        Share of failed requests up to which a load counts as served. [fraction]
    metric : str
        Artillery's name of the response times to check.
    service : Service or None
        The model of the predictions.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.next_test)
    4 loads in 9.17 minutes
    >>> print([round(held.offered) for held in study.next_test.phases])  # [req/s]
    [264, 276, 326, 58]
    """

    phases: tuple[Held, ...]
    why: tuple[str, ...]
    expected: pd.DataFrame
    requests_per_user: float = 1.0
    endpoints: tuple[Endpoint, ...] = ()
    error_rate: float = 0.01
    metric: str = "http.response_time"
    service: Service | None = None

    @property
    def duration(self) -> float:
        """Length of the test. [s]"""
        return sum(phase.duration for phase in self.phases)

    @property
    def text(self) -> str:
        """What to test next and why, in sentences."""
        loads = "; ".join(_told(role, list(held)) for role, held in groupby(self.phases, attrgetter("role")))
        return paragraphs(self.why, f"The next test holds {self}: {loads}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a load: how much, how long, what it is to show, and what to expect."""
        names = ["arrival_rate", "duration", "purpose"]
        rows = [[getattr(phase, name) for name in names] for phase in self.phases]
        frame = pd.DataFrame(rows, columns=names).join(self.expected)
        return frame[["offered", *names, "goodput", "p95", "p99"]]

    def script(self, base: Any = None) -> str:
        """Return the test as an Artillery script with `ensure` checks from what is expected.

        Parameters
        ----------
        base : str, PathLike or artillery_results_parser.Script, optional
            The script to start from, as text, path or read script: its phases and `ensure` are replaced, all else is
            kept. Without one, the endpoints seen are asked for by GET at a placeholder target.

        Raises
        ------
        InputError
            If the base is no script.

        Notes
        -----
        Relative paths in the base (processor, payload) hold where the base lies. Its comments are not copied, and
        passwords and tokens become names of environment variables. Every text is written in double quotes; texts
        without quotes that only some readers of YAML take for numbers or dates (``0x1F``, ``2026-01-28``) become texts
        for good.
        """
        return write_script(self, base)

    def __str__(self) -> str:
        return f"{counted(len(self.phases), 'load')} in {number(self.duration / 60)} minutes"

    def _repr_html_(self) -> str:
        from capacity.display import table

        return table(self.to_frame(), f"Next test: {self}")._repr_html_()


def _told(role: Role, phases: Sequence[Held]) -> str:
    rates = named((number(held.offered) for held in phases), most=len(phases))
    longest = max(held.duration for held in phases)
    each = "" if len(phases) == 1 else " each" if phases[0].duration == longest else " at most"
    return f"{rates} req/s for {longest:.0f} s{each} ({_PURPOSES[role]})"


def plan_next_test(
    capacity: Capacity,
    *,
    service: Service | None = None,
    slo: Slo | None = None,
    findings: Iterable[Finding] = (),
    tests: Sequence[LoadTest] = (),
    steps: Sequence[Step] = (),
    target_load: float | None = None,
    longest: float = LONGEST,
) -> NextTest:
    """Return the loads, and how long to hold each, that would most narrow the capacity.

    Never saturated: upwards until saturation is sure. Always saturated: downwards. Established: within the bracket of
    the objectives, where the model predicts the crossing. Each with what is missing of a low load, an overload
    and the return from it.

    Parameters
    ----------
    capacity : Capacity
        What the tests so far support.
    service : Service, optional
        The calibrated model, which places the loads and predicts what they will show.
    slo : Slo, optional
        Objectives.
    findings : iterable of Finding
        What speaks against the tests so far.
    tests : sequence of LoadTest
        Those tests.
    steps : sequence of Step
        Their steps, for what was held too briefly.
    target_load : float, optional
        Load that the service is wanted for, e.g. the peak to be planned for. [req/s]
    longest : float
        The test may last so long. [s]

    Raises
    ------
    NotIdentified
        If no rate was ever offered, so that there is none to begin at; give a `target_load`.

    Examples
    --------
    >>> limit = Estimate.at_least(100.0, unit="req/s", method="highest load served", provenance="measured")
    >>> served = Capacity("at least", "Never saturated.", limit, None, {}, pd.DataFrame())
    >>> [round(phase.offered) for phase in plan_next_test(served).phases]
    [20, 125, 155, 193, 241, 300, 20]
    """
    per_user = _requests_per_user(capacity, tests)
    known = gather(capacity, service or None, slo, tests, target_load or 0.0)
    if not known.reference > 0 and not known.target > 0:
        raise NotIdentified(
            f"no load can be planned to begin at: {capacity.why.rstrip('.')}; give the load the service is wanted for"
        )
    chosen = [(aim.role, time, startable(aim.load / per_user, time)) for aim, time in choose(known, longest)]
    phases = tuple(Held(rate * per_user, rate, time, role) for role, time, rate in chosen)
    return NextTest(
        phases=phases,
        why=tuple(reasons(capacity, known, slo, tuple(findings), steps, phases, longest)),
        expected=_expected(phases, capacity, known, service or None),
        requests_per_user=per_user,
        endpoints=endpoints_of(tests),
        error_rate=slo.error_rate if slo else Slo().error_rate,
        metric=metric_of(tests),
        service=service or None,
    )


def _requests_per_user(capacity: Capacity, tests: Sequence[LoadTest]) -> float:
    """Return how many requests a user sends where all is served: an overload cuts users short. [requests]"""
    served = [p.step for p in capacity.points if p.state == "healthy" and p.step.arrival_rate > 0]
    users = sum(s.arrival_rate * s.duration for s in served)
    sent = sum(s.offered * s.duration for s in served)
    if not users:
        users = sum(float(test.periods["arrivals"].sum()) for test in tests)
        sent = sum(float(test.periods["requests"].sum()) for test in tests)
    if not users or not sent:
        return 1.0
    ratio = sent / users
    return float(round(ratio)) if abs(ratio - round(ratio)) <= _COUNTING * ratio else ratio


def _expected(
    phases: Sequence[Held], capacity: Capacity, known: Known, service: Service | None
) -> pd.DataFrame:
    rows = [
        [
            load,
            _goodput(load, capacity, known),
            *(_response_time(load, q, known, service) for q in (0.95, 0.99)),
        ]
        for load in (phase.offered for phase in phases)
    ]
    return pd.DataFrame(rows, columns=["offered", "goodput", "p95", "p99"]).astype(object)


def _goodput(offered: float, capacity: Capacity, known: Known) -> Estimate:
    """Return what will be answered successfully: what is offered, up to the limit. [req/s]"""
    method, limit = "what is offered, up to the saturation throughput", known.limit
    if offered <= known.served or (limit is not None and offered < limit.low):
        return Estimate.exactly(offered, unit="req/s", method=method, provenance="measured")
    if limit is None or limit.value is None or capacity.status == "at most":
        method = "no more than is offered"
        return Estimate.at_most(offered, unit="req/s", method=method, provenance="measured")
    value, low, high = (min(offered, rate) for rate in (limit.value, limit.low, limit.high))
    return Estimate(value, low, high, unit="req/s", method=method, provenance="measured", level=limit.level)


def _response_time(offered: float, q: float, known: Known, service: Service | None) -> Estimate | None:
    if service is None or known.limit is None or offered >= known.limit.low:
        return None
    try:
        return service.predict(offered, q)
    except DomainError:
        return None
