"""What the answer of a plan does not contain: why, and on which side it errs for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from capacity.models.fits.fitting import Fit
from capacity.planning.readiness.known import Known
from capacity.shown import Shown
from capacity.wording import counted, percent, sentence, spoken, visible

if TYPE_CHECKING:
    import pandas as pd

    from capacity.estimate import Estimate
    from capacity.evidence.loadtest import LoadTest
    from capacity.evidence.service import Service
    from capacity.plan import Plan
    from capacity.planning.demand.demand import Demand
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.fleet.response import Responses
    from capacity.planning.fleet.scaling import Scaling
    from capacity.planning.portfolio.portfolio import Portfolio

Side = Literal["optimistic", "either", "pessimistic"]
_SIDES: tuple[Side, ...] = ("optimistic", "either", "pessimistic")
_DAY, _NEAR = 86_400.0, 0.9  # [s]; utilization from which a queue is at the mercy of small errors [fraction]
_CAUSES = ("deployments", "incidents", "silent faults", "overload", "instances")


@dataclass(frozen=True)
class Omission(Shown):
    """One thing that is not in the answer.

    Parameters
    ----------
    what, why : str
        In plain words.
    errs : {"optimistic", "either", "pessimistic"}
        Whether the answer looks better than production may be, worse, or either.

    Examples
    --------
    >>> print(Omission("data that grows", "the tests met the data of their day", "optimistic"))
    Data that grows: the tests met the data of their day (the answer is optimistic).
    """

    what: str
    why: str
    errs: Side

    @property
    def text(self) -> str:
        """What, why, and on which side the answer errs for that."""
        side = "may err on either side" if self.errs == "either" else f"is {self.errs}"
        return sentence(f"{self.what}: {self.why} (the answer {side})")


@dataclass(frozen=True, eq=False)
class NotModelled(Shown):
    """What the answer does not contain; what makes it look too good comes first.

    Parameters
    ----------
    omissions : tuple of Omission
        Only those that apply to this plan.

    Examples
    --------
    >>> print(NotModelled((Omission("data that grows", "the tests met the data of their day", "optimistic"),)))
    1 thing that may matter is not in this answer: for 1 it looks better than production may be.
    """

    omissions: tuple[Omission, ...]

    _caption = "Not modelled, and on which side the answer errs"

    def on(self, side: Side) -> list[Omission]:
        """Return those that err on one side."""
        return [one for one in self.omissions if one.errs == side]

    @property
    def text(self) -> str:
        """How many there are, and on which side the answer errs for them."""
        good, either, bad = (len(self.on(side)) for side in _SIDES)
        counts = [
            f"for {good} it looks better than production may be" if good else "",
            f"for {bad} it looks worse" if bad else "",
            f"for {either} it may be either" if either else "",
        ]
        things, are = counted(len(self.omissions), "thing"), "is" if len(self.omissions) == 1 else "are"
        return f"{things} that may matter {are} not in this answer: {', '.join(filter(None, counts))}."

    def to_frame(self) -> pd.DataFrame:
        """One row an omission: what, why, on which side the answer errs."""
        import pandas as pd

        rows = [(one.what, sentence(one.why), one.errs) for one in self.omissions]
        return pd.DataFrame(rows, columns=["not_modelled", "why", "errs"])


def not_modelled(
    known: Known,
    plan: Plan,
    *,
    tests: Sequence[LoadTest],
    service: Service | None,
    scaling: Scaling,
    dispersion: Estimate,
    responses: Responses | None = None,
) -> NotModelled:
    """Say what the answer of a plan leaves out.

    Parameters
    ----------
    known : Known
        What the answer is made from.
    plan : Plan
        What was asked.
    tests : sequence of LoadTest
        What was tested.
    service : Service or None
        As calibrated; None where it could not be.
    scaling : Usl, Fit or AssumedScaling
        Law across instances.
    dispersion : Estimate
        How irregular requests arrive. [1]
    responses : Responses, optional
        Response times of the sizes of fleet.
    """
    found = [
        *_of_tests(known, plan, tests),
        *_of_model(service, dispersion),
        *_of_demand(known.demand),
        *_of_fleets(known.fleet, plan, scaling, max(test.instances for test in tests)),
        *_of_responses(known.fleet, responses),
        *_of_work(known.investments),
        Omission("more than one region", "one place with one traffic is planned for", "either"),
    ]
    return NotModelled(tuple(one for side in _SIDES for one in found if one.errs == side))


def _of_tests(known: Known, plan: Plan, tests: Sequence[LoadTest]) -> Iterator[Omission]:
    if known.void:
        why = (
            "a finding voids the evidence; until it is mended nothing here speaks of what the service carries"
        )
        yield Omission("a capacity", why, "either")
    longest = max(test.duration for test in tests)
    if longest < _DAY:
        why = f"the longest test ran {counted(max(longest / 60, 1), 'minute')}"
        yield Omission(
            "what builds up over hours: leaks, full disks, compaction, nightly jobs", why, "optimistic"
        )
    yield Omission("data that grows", "the tests met the data of their day", "optimistic")
    yield Omission("caches colder than in the tests", "no export says how warm they were", "optimistic")
    why = "the capacity is that of the requests tested; dearer ones lower it, cheaper ones raise it"
    yield Omission("another mix of requests", why, "either")
    why = "response times are those the load generator saw, from where it stood"
    yield Omission("the network between users and the service, and their browsers", why, "optimistic")
    yield from _of_overload(known, plan)


def _of_overload(known: Known, plan: Plan) -> Iterator[Omission]:
    if known.capacity.status == "at least" and not known.void:
        why = "no test reached the limit, so the highest load carried stands for it"
        yield Omission("capacity above what was tested", why, "pessimistic")
    if known.resilience.graceful is None:
        why = "no test shows by every criterion what happens there"
        yield Omission("how the service behaves beyond its capacity", why, "optimistic")
    if not (known.today and known.today.system.calls):
        why = f"test clients do not; a retry budget of {percent(plan.policy.retry_budget)} stands for them"
        yield Omission("users and callers who ask again when answers are slow", why, "optimistic")


def _of_model(service: Service | None, dispersion: Estimate) -> Iterator[Omission]:
    if service is None or not service.accepted:
        why = "no service could be calibrated that is near enough to the tests"
        yield Omission(
            "how response times grow between the loads tested, and with irregular arrivals", why, "either"
        )
    else:
        why = "the service is calibrated as one queue, served in order of arrival"
        yield Omission("priorities, and kinds of requests with queues of their own", why, "either")
    if dispersion.provenance == "assumed":
        why = "users are taken to be independent of each other"
        yield Omission(
            "users who come together: campaigns, push messages, jobs on the hour", why, "optimistic"
        )


def _of_demand(demand: Demand | None) -> Iterator[Omission]:
    if demand is None:
        yield Omission("how much will be asked", "the plan has no [demand]", "either")
        return
    if demand.history is None:
        why = "without a traffic history each day is taken to peak where growth and events put it"
        yield Omission("days and hours that differ from each other", why, "optimistic")
        return
    why = f"the history counts in steps of {_step(demand.history.step)}, and a peak is the mean of one"
    yield Omission("peaks within a step of the history", why, "optimistic")
    why = "requests that were not answered then may be missing from the history"
    yield Omission("traffic lost to overload in the past", why, "optimistic")
    why = "the trend goes on as fitted, and a jump in the last two weeks cannot be told from chance"
    yield Omission(
        "a change of the trend, and jumps of the level that are new or still to come", why, "either"
    )
    yield Omission("seasons longer than a week", "only days of the week are told apart", "either")
    if demand.shape is not None and _clocks_change(demand.dates):
        why = "the hours of a day are those of the history, in UTC"
        yield Omission("the change of the clocks", why, "either")


def _clocks_change(dates: pd.DatetimeIndex) -> bool:
    """Whether clocks are changed on one of some days, in Europe or in North America."""
    sundays = [(day.month, day.day) for day in dates[dates.day_of_week == 6]]
    return any((m == 3 and d >= 8) or (m == 10 and d >= 25) or (m == 11 and d <= 7) for m, d in sundays)


def _step(seconds: float) -> str:
    if seconds % 3600 == 0:
        return counted(seconds / 3600, "hour")
    return counted(seconds / 60, "minute") if seconds % 60 == 0 else f"{seconds:g} s"


def _of_fleets(fleet: FleetPlan | None, plan: Plan, scaling: Scaling, tested: int) -> Iterator[Omission]:
    if not plan.limit:
        why = "the plan states no [[limit]]"
        yield Omission("what all instances share: a database, quotas of third parties", why, "optimistic")
    else:
        names = ", ".join(visible(limit.name) for limit in plan.limit)
        yield Omission(f"shared limits other than those stated ({names})", "nobody states them", "optimistic")
    sizes = [plan.service.instances_running, *([fleet.recommended] if fleet and fleet.recommended else [])]
    if max(sizes) == 1:
        return
    yield Omission("sessions bound to an instance", "any request is taken to find any instance", "optimistic")
    yield Omission(
        "noisy neighbours, and instances weaker than the tested one",
        "all are taken to be alike",
        "optimistic",
    )
    why = "an instance is taken to be lost by chance, not because much is asked"
    yield Omission("failures that come with a high demand", why, "optimistic")
    if plan.policy.zones is None:
        yield Omission("the loss of a zone", "the plan states no policy.zones", "optimistic")
    if isinstance(scaling, Fit) and max(sizes) > tested:
        why = f"up to {tested} were tested, and the law found there is taken to go on"
        yield Omission(f"what may end scaling before {counted(max(sizes), 'instance')}", why, "optimistic")
    yield from _of_autoscalers(fleet, plan)


def _of_autoscalers(fleet: FleetPlan | None, plan: Plan) -> Iterator[Omission]:
    if fleet is None:
        return
    options = fleet.alternatives.options
    verdicts = options.loc[options["operation"] == "autoscaled", "verdict"]
    reasons = dict.fromkeys(v.removeprefix("refused: ") for v in verdicts if v.startswith("refused: "))
    if reasons:
        yield Omission("what an autoscaler would save", "; ".join(reasons), "pessimistic")
    if plan.size and fleet.recommended:
        why = "the autoscaler written beside this page is for the size tested"
        yield Omission("an autoscaler for the other sizes of instance", why, "either")


def _of_responses(fleet: FleetPlan | None, responses: Responses | None) -> Iterator[Omission]:
    if fleet is None or responses is None:
        return
    names = [limit.name for limit in fleet.shared.limits]
    if names:
        why = "the response times of the sizes are those of their instances alone"
        yield Omission(f"waiting at what all instances share: {', '.join(names)}", why, "optimistic")
    near = responses.sizes[responses.sizes["utilization"].between(_NEAR, 1.0)]
    if len(near):
        busy = ", ".join(
            f"{counted(row.instances, 'instance')} to {row.utilization:.0%}" for row in near.itertuples()
        )
        why = f"at the median peak they would be busy, {busy}; small errors grow large there"
        yield Omission("response times close to saturation, told by the model alone", why, "either")


def _of_work(portfolio: Portfolio | None) -> Iterator[Omission]:
    if portfolio is None:
        return
    if portfolio.not_evaluable:
        names = ", ".join(map(spoken, portfolio.not_evaluable))
        yield Omission(f"what this work is worth: {names}", "it has no model or lacks a fact", "pessimistic")
    silent = [cause for cause in _CAUSES if cause not in portfolio.now.downtime]
    if silent:
        yield Omission(f"downtime by {', '.join(silent)}", "the plan states no facts about it", "optimistic")
    if portfolio.worth:
        why = "it counts only where it makes overload rarer"
        yield Omission("a price of capacity in the worth of the work", why, "pessimistic")
        why = "the work is evaluated on a model of capacity and downtime that does not have them"
        what = "failover and replication lag of the database, write contention, pauses of the runtime"
        yield Omission(what, why, "optimistic")
