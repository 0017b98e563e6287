"""One plan in one row: what a comparison of services, or of variants of a plan, says of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from capacity.estimate import Estimate

NO_ANSWER, INCOMPLETE = "NO REPORT", "REPORT INCOMPLETE"
_URGENCY = (NO_ANSWER, INCOMPLETE, "INSUFFICIENT EVIDENCE", "NOT READY")


@dataclass(frozen=True)
class Summary:
    """What a manager wants to know of a service, or why there is no answer.

    Parameters
    ----------
    service : str
        Its name, or the file of a plan that could not be read.
    status : str
        The verdict's status, "REPORT INCOMPLETE" or "NO REPORT".
    headline : str
        The verdict in a few words.
    action : str
        What to do first; of a plan without a report, what is wrong with it.
    peak, capacity, promised : Estimate or None
        Largest peak asked for, what an instance carries, and what today's fleet may be given. [req/s]
    running, needed : int or None
        Instances today, and those that will do; None where no number is known to do. [instances]
    short_from : date or None
        First day by which the chance that today's fleet has been too small is above the accepted risk.
    probability_missed : float or None
        Chance that today's fleet misses the objectives at the peak. [fraction]
    work_worth : Estimate or None
        Net present value of the work that is recommended. [money]
    rent_now, rent_needed : float or None
        Of the instances today, and of those needed. [money per month]
    currency : str
        Of the money; empty where none is stated.
    """

    service: str
    status: str
    headline: str
    action: str
    peak: Estimate | None = None
    capacity: Estimate | None = None
    promised: Estimate | None = None
    running: int | None = None
    needed: int | None = None
    short_from: dt.date | None = None
    probability_missed: float | None = None
    work_worth: Estimate | None = None
    rent_now: float | None = None
    rent_needed: float | None = None
    currency: str = ""

    @classmethod
    def of(cls, study: Any) -> Summary:
        """Take the row from a study; where its evidence is void, what rests on it is not told."""
        known, service, cost = study.known, study.plan.service, study.plan.cost
        fleet = None if known.void else study.fleet or None
        price = cost.instance_per_month if cost else None
        first = study.actions.iloc[0]
        return cls(
            service=str(study.name),
            status=study.verdict.status,
            headline=study.verdict.headline,
            action=f"{first['when']}: {first['action']}",
            peak=study.demand.peak if study.demand else None,
            capacity=None if known.void else study.instance_capacity or None,
            promised=fleet.safe_load_running if fleet else None,
            running=service.instances_running,
            needed=fleet.recommended if fleet else None,
            short_from=_short_from(fleet) if fleet else None,
            probability_missed=float(fleet.probability_missed_running) if fleet else None,
            work_worth=study.investments.recommended_npv if study.investments else None,
            rent_now=None if price is None else price * service.instances_running,
            rent_needed=None
            if price is None or not (fleet and fleet.recommended)
            else price * fleet.recommended,
            currency=(cost.currency or "") if cost else "",
        )

    @classmethod
    def none(cls, name: str, reason: str) -> Summary:
        """Say why there is no answer."""
        return cls(name, NO_ANSWER, NO_ANSWER, reason)

    @property
    def answered(self) -> bool:
        """Whether there is an answer at all."""
        return self.status != NO_ANSWER

    @property
    def urgency(self) -> tuple[Any, ...]:
        """The order of urgency, the most urgent first.

        No report, an incomplete one, void or missing evidence, not ready, and then the rest; among those alike the
        soonest day from which today's fleet is too small, then the largest chance to miss the objectives, then the
        name.
        """
        place = _URGENCY.index(self.status) if self.status in _URGENCY else len(_URGENCY)
        day = self.short_from or dt.date.max
        return place, day, 1.0 if self.probability_missed is None else -self.probability_missed, self.service

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {name: _plain(value) for name, value in self.flat.items()}

    @property
    def flat(self) -> dict[str, Any]:
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Summary:
        """Read what `to_dict` wrote."""
        return cls(**{name: _read(value) for name, value in plain.items()})


def _short_from(fleet: Any) -> dt.date | None:
    beyond = fleet.exhaustion.index[fleet.exhaustion.to_numpy() > fleet.policy.risk]
    return beyond[0].date() if len(beyond) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Estimate):
        return value.to_dict()
    return {"date": value.isoformat()} if isinstance(value, dt.date) else value


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return dt.date.fromisoformat(value["date"])
    return Estimate.from_dict(value)
