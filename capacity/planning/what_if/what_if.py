"""What a plan would lead to if one of its assumptions were otherwise, by the plan's own formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from capacity.display import result_html
from capacity.estimate import Estimate, number
from capacity.planning.recommendation import time_until_shortfall
from capacity.planning.what_if.knobs import NAMES, Knob, Setting, knobs, title_of
from capacity.planning.what_if.outcome import NOT_KNOWN, Change, Outcome
from capacity.planning.what_if.variants import Variants
from capacity.wording import sentence

if TYPE_CHECKING:
    import pandas as pd


CACHE = (
    "A cache in front answers a share h of the requests, so the instances get 1 − h of them and the fleet carries "
    "1/(1 − h) times as much. Its limits: the other requests are as dear as those of the tests and keep the "
    "objectives by themselves; what all instances share is asked as often as before; while the cache is cold the "
    "fleet carries no more than without it."
)
_TABLED = {
    "promised": "promised load",
    "metastable_safe": "metastable-safe",
    "peak": "largest peak",
    "chance": "chance of missing",
    "fewest": "fewest needed",
}
_COLD = "While its cache is cold the fleet may be given about {} req/s, no more than without it."


@dataclass(frozen=True, eq=False)
class WhatIf:
    """What changes against the plan when demand, instances, an objective or a policy are otherwise.

    Every answer is that of the same evidence under a plan changed so, in the same sampled worlds: no formula is
    here that the plan does not use. Only a cache is new: see `CACHE` for what it is taken to do.

    Parameters
    ----------
    study : Study
        The plan, and everything computed from it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> three = study.what_if.at(instances=3).now  # [instances]
    >>> print(three.promised)
    449 req/s (422 to 471)
    """

    study: Any

    @cached_property
    def setting(self) -> Setting:
        """Where the plan has every knob."""
        plan, study = self.study.plan, self.study
        return Setting(
            instances=plan.service.instances_running,
            retry_budget=plan.policy.retry_budget,
            dispersion=study.dispersion.value or 1.0,
            demand=1.0 if study.demand else None,
            p95_ms=plan.slo.p95_ms if "p95" in study.capacity.slo else None,
        )

    @cached_property
    def plan(self) -> Outcome:
        """What the plan leads to."""
        return _outcome(self.study, self.setting)

    @cached_property
    def knobs(self) -> tuple[Knob, ...]:
        """What can be turned, each with the plan's value and those worth trying."""
        slo = self.study.plan.slo
        return knobs(
            self.setting, needed=self.plan.fewest, floor=slo.p50_ms or 0.0, ceiling=slo.p99_ms or math.inf
        )

    @property
    def left_out(self) -> dict[str, str]:
        """Knobs that this plan has not, and why."""
        reasons = {
            "demand": "" if self.study.demand else str(self.study.demand.reason),
            "p95_ms": "the plan has no p95_ms under [slo]"
            if self.study.plan.slo.p95_ms is None
            else "no load level was held, so that no objective can be judged",
        }
        return {name: reasons[name] for name in NAMES if getattr(self.setting, name) is None}

    def knob(self, name: str) -> Knob:
        """Return the knob of that name.

        Raises
        ------
        UsageError
            If there is no such knob.
        DomainError
            If this plan does not have it.
        """
        value = getattr(self.setting.changed(**{name: getattr(self.setting, name, 0.0)}), name)
        return next(knob for knob in self.knobs if knob.name == name and knob.plan == value)

    def at(
        self,
        *,
        demand: float | None = None,
        instances: int | None = None,
        p95_ms: float | None = None,
        retry_budget: float | None = None,
        hit_ratio: float | None = None,
        dispersion: float | None = None,
    ) -> Change:
        """Return what changes when some knobs are turned, the others as planned.

        Parameters
        ----------
        demand : float, optional
            Times the forecast, on every day. [1]
        instances : int, optional
            Running. [instances]
        p95_ms : float, optional
            Response-time objective. [ms]
        retry_budget : float, optional
            Retries allowed, as a share of first attempts. [fraction]
        hit_ratio : float, optional
            Requests that a new cache answers before they reach an instance; see `CACHE`. [fraction]
        dispersion : float, optional
            Variance over mean of the arrivals at the instances; independent users have 1. [1]

        Raises
        ------
        DomainError
            If this plan does not have the knob, or a formula does not hold for the value.
        """
        given = {
            "demand": demand,
            "instances": instances,
            "p95_ms": p95_ms,
            "retry_budget": retry_budget,
            "hit_ratio": hit_ratio,
            "dispersion": dispersion,
        }
        turned = {name: value for name, value in given.items() if value is not None}
        setting = self.setting.changed(**turned)
        notes = self._cold(setting) if setting.hit_ratio else ()
        return Change(self.plan, self._outcome_at(setting), notes)

    def _cold(self, setting: Setting) -> tuple[str, ...]:
        """Say what is left while the cache is cold, by the headroom alone, which is quicker than the worlds."""
        headroom = self._variants.at(replace(setting, hit_ratio=0.0)).headroom
        return (_COLD.format(number(headroom.safe_load)),) if headroom else ()

    def _with(self, name: str, value: float) -> Change:
        return self.at(**{name: value})  # type: ignore[arg-type]

    def sweep(self, name: str) -> pd.DataFrame:
        """Return what each value of one knob leads to, the others as planned.

        Returns
        -------
        DataFrame
            value, promised_low, promised, promised_high, peak_low, peak, peak_high [req/s], chance [fraction],
            fewest [instances], reason (why the promised load is not known).
        """
        import pandas as pd

        rows = [_row(value, self._with(name, value).now) for value in self.knob(name).positions]
        return pd.DataFrame(rows)

    @cached_property
    def sweeps(self) -> dict[str, pd.DataFrame]:
        """The sweep of every knob."""
        return {knob.name: self.sweep(knob.name) for knob in self.knobs}

    def prepared(self) -> WhatIf:
        """Return this with every position of every knob worked out, so that turning one waits for nothing."""
        _ = self.sweeps  # kept once worked out
        return self

    def to_frame(self) -> pd.DataFrame:
        """The plan, and a row for each knob at its lowest and at its highest: what these lead to."""
        import pandas as pd

        ends = [(knob, at) for knob in self.knobs for at in (knob.positions[0], knob.positions[-1])]
        rows = [_told(f"{knob.title}: {knob.told(at)}", self._with(knob.name, at).now) for knob, at in ends]
        frame = pd.DataFrame([_told("as planned", self.plan), *rows])
        return frame.loc[:, (frame != NOT_KNOWN).any()]

    @property
    def text(self) -> str:
        """What the plan leads to, what takes all of it where nothing is promised, and the knobs it has not."""
        nothing = self.plan.promised is not None and self.plan.promised.known_low <= 0
        why = [sentence(self.study.headroom.text)] if nothing else []
        absent = [
            sentence(f"Nothing to turn for {title_of(name)}: {reason}")
            for name, reason in self.left_out.items()
        ]
        return " ".join([f"As planned: {self.plan.text[:1].lower()}{self.plan.text[1:]}", *why, *absent])

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Each assumption at its lowest and its highest", CACHE)

    @cached_property
    def _variants(self) -> Variants:
        return Variants(self.study, self.setting)

    @cached_property
    def _outcomes(self) -> dict[Setting, Outcome]:
        """What was looked at already."""
        return {}

    def _outcome_at(self, setting: Setting) -> Outcome:
        if setting not in self._outcomes:
            self._outcomes[setting] = _outcome(self._variants.at(setting), setting)
        return self._outcomes[setting]


def _outcome(study: Any, setting: Setting) -> Outcome:
    """Collect what a plan leads to, and why some of it is not known."""
    missing: dict[str, str] = {}

    def known(*names: str, part: Any) -> bool:
        if not part:
            missing.update(dict.fromkeys(names, str(part.reason)))
        return bool(part)

    cost, found = study.plan.cost, dict[str, Any]()
    if cost is None:
        missing["rent"] = "the plan has no [cost]"
    else:
        price, method = cost.instance_per_month * setting.instances, "price of an instance times instances"
        found["rent"] = Estimate.exactly(price, unit=cost.currency or "", method=method, provenance="config")
    if known("peak", part=study.demand):
        found["peak"] = study.demand.peak
    found["metastable_safe"] = study.known.metastable_safe
    if found["metastable_safe"] is None:
        missing["metastable_safe"] = study.capacity.why
    if known("slo_capacity", "promised", "chance", "fewest", "lasts", part=study.headroom):
        found |= {"slo_capacity": study.capacity.safe, "promised": _promised(study)}
        if known("chance", "fewest", "lasts", part=study.fleet):
            found |= _of_fleet(study)
    return Outcome(setting, **found, missing=missing)


def _promised(study: Any) -> Estimate:
    """Return what the fleet may be given: in the sampled worlds, or without a demand by the capacity alone. [req/s]"""
    if study.fleet:
        return study.fleet.safe_load_running
    load, capacity = study.headroom.safe_load, study.instance_capacity
    made = Estimate.exactly if capacity.bounded else Estimate.at_least
    return made(
        load, unit="req/s", method="headroom policies on the capacity", provenance=capacity.provenance
    )


def _of_fleet(study: Any) -> dict[str, Any]:
    fleet = study.fleet
    sizes = fleet.options.set_index("instances")["probability_missed"]
    return {
        "chance": fleet.probability_missed_running,
        "fewest": fleet.recommended,
        "needed": fleet.what_is_needed,
        "lasts": time_until_shortfall(fleet),
        "missed_by_instances": {int(size): float(missed) for size, missed in sizes.items()},
    }


def _row(value: float, outcome: Outcome) -> dict[str, Any]:
    """Return one value of a knob and what it leads to, for a figure."""
    row: dict[str, Any] = {"value": value}
    for name in ("promised", "peak"):
        estimate = getattr(outcome, name)
        ends = (math.nan,) * 3 if estimate is None else (estimate.low, estimate.known_low, estimate.high)
        row |= dict(zip((f"{name}_low", name, f"{name}_high"), ends, strict=True))
    row |= {"chance": outcome.chance, "fewest": outcome.fewest}
    return row | {"reason": outcome.missing.get("promised", "")}


def _told(assumption: str, outcome: Outcome) -> dict[str, str]:
    """Return what an assumption leads to, for a table."""
    told = {_TABLED[name]: outcome.told(name) for name in _TABLED}
    return {"assumption": assumption, **told}
