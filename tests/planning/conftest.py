"""What readiness and recommendation are judged from: a service that is ready, unless changed."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.evidence.audit import Finding, Findings
from capacity.evidence.limits import Capacity
from capacity.evidence.resilience import Resilience
from capacity.models.scalability import Linear
from capacity.plan import Attestation
from capacity.planning.demand.demand import Demand, scenario
from capacity.planning.fleet.fleet import FleetPlan, plan_fleet
from capacity.planning.fleet.headroom import Policy
from capacity.planning.readiness.known import Known

POLICY = Policy(spare_instances=0, retry_budget=0.1, dispersion=0.0)
CRITERIA = ("goodput", "refusals", "accepted requests", "recovery", "hysteresis")


def rate(value: float, spread: float = 0.0) -> Estimate:
    """A measured rate with an interval of so much on either side."""
    return Estimate(value, value - spread, value + spread, "req/s", "steps", "measured")


def at_least(low: float) -> Estimate:
    """A rate bounded from below only."""
    return Estimate.at_least(low, unit="req/s", method="never saturated", provenance="measured")


def capacity(
    slo: Estimate | None, saturation: Estimate | None = None, status: str = "established"
) -> Capacity:
    """A capacity within the objectives, saturating at 110% of it unless said otherwise."""
    limit = saturation or (slo and slo.scaled(1.1))
    within = {} if slo is None else {"all": slo}
    return Capacity(status, "two steps saturated", limit, slo, within, pd.DataFrame())  # type: ignore[arg-type]


def resilience(**statuses: str) -> Resilience:
    """Every criterion passed, unless its status is given (with _ for a blank)."""
    found = {name: statuses.get(name.replace(" ", "_"), "pass") for name in CRITERIA}
    rows = [[name, f"{name} wanted", f"{name} found", status, "spike"] for name, status in found.items()]
    columns = ["criterion", "requirement", "measured", "status", "test"]
    known = set(found.values())
    graceful = False if "fail" in known else True if known == {"pass"} else None
    return Resilience(graceful, pd.DataFrame(rows, columns=columns), None, pd.DataFrame(), "text")


def peaks(*levels: float) -> Demand:
    """A demand whose worlds have these peaks, in equal parts, on all of thirty days."""
    now = Estimate.exactly(levels[0], unit="req/s", method="given", provenance="config")
    rng = np.random.default_rng(1)
    flat = scenario(
        now, starts=dt.date(2027, 1, 1), horizon_days=30, growth_per_month=(0, 0, 0), rng=rng, worlds=100
    )
    paths = np.repeat(np.resize(np.array(levels, dtype=float), 100)[:, None], 30, axis=1)
    return Demand(None, flat.dates, paths, flat.current_peak, flat.growth_per_month)


def fleet(one: Estimate, demand: Demand, running: int, policy: Policy = POLICY) -> FleetPlan:
    """The plan of a fleet that scales linearly."""
    rng = np.random.default_rng(1)
    return plan_fleet(one, Linear(1.0), demand, policy, instances_running=running, rng=rng)


def evaluation(**found: Any) -> Any:
    """What the facts of a plan say of today, as `system.Evaluation` answers."""
    nothing = {
        "capacity": None,
        "metastable_safe_load": None,
        "cold_capacity": None,
        "deploying_capacity": None,
        "downtime": {},
        "system": SimpleNamespace(calls=("some",)),
    }
    return SimpleNamespace(**(nothing | found))


def voided() -> Findings:
    """A finding that voids what the tests say of capacity."""
    return Findings(
        (Finding("ports", "voids", "capacity", "It ran out of ports.", {}, "Widen the range.", "stress"),)
    )


def known(**changes: Any) -> Known:
    """What is known of a service that is ready, unless changed: two instances of 200 req/s, a peak of 300."""
    one, demand = rate(200.0, 5.0), peaks(300.0)
    ready = {
        "capacity": capacity(one),
        "findings": Findings(),
        "resilience": resilience(),
        "policy": POLICY,
        "demand": demand,
        "fleet": fleet(one, demand, 2),
        "fleet_factor": 2.0,
    }
    return Known(**(ready | changes))


def attestation(gate: str, passed: bool = True, note: str | None = None) -> Attestation:
    """What somebody states about a gate."""
    return Attestation(gate=gate, passed=passed, link="https://example.org/it", note=note)


@pytest.fixture
def make() -> SimpleNamespace:
    """The makers of this file, for tests of several modules."""
    makers = (
        known, rate, at_least, capacity, resilience, peaks, fleet, evaluation, voided, attestation
    )  # fmt: skip
    return SimpleNamespace(**{maker.__name__: maker for maker in makers})
