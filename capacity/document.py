"""What a study writes into plan.json: inputs with checksums, estimates with provenance, the verdict."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Hashable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.plain import SCHEMA, plain_data

if TYPE_CHECKING:
    from capacity.evidence.loadtest import LoadTest
    from capacity.plan import Plan
    from capacity.planning.demand.demand import Demand
    from capacity.study import Study
    from capacity.study.tested import Tested


def plan_document(study: Study) -> dict[str, Any]:
    """Return the whole study as plain data, as plan.json holds it.

    Parameters
    ----------
    study : Study
        What one plan file leads to.
    """
    return plain_data(
        {
            "schema": SCHEMA,
            "service": study.name,
            "seed": study.seed,
            "versions": _versions(),
            "inputs": study.inputs,
            "verdict": study.verdict,
            "findings": list(study.findings),
            "claims": [judgement.to_dict() for judgement in study.claims],
            "capacity": study.capacity,
            "service_model": study.service and study.service.to_dict(),
            "concurrency_law": study.concurrency_law
            and {
                "text": study.concurrency_law.text,
                "peak_throughput": study.concurrency_law.peak_throughput,
                "points": study.concurrency_law.to_frame(),
            },
            "next_test": study.next_test and study.next_test.to_frame(),
            "scaling": study.scaling_points,
            "resilience": {"graceful": study.resilience.graceful, "criteria": study.resilience.criteria},
            "demand": _demand(study),
            "headroom": study.headroom and study.headroom.to_frame(),
            "fleet": _fleet(study),
            "investments": study.investments and study.investments.to_frame(),
            "portfolio": _portfolio(study),
            "promises": study.promises and study.promises.to_frame(),
            "numbers": study.numbers,
            "recommendation": list(study.recommendation.values()),
            "actions": study.actions,
            "assumptions": study.assumptions.to_frame(),
            "not_modelled": study.not_modelled.to_frame(),
            "trace": study.trace,
            "ledger": study.ledger and study.ledger.to_frame(),
            "missing": study.missing,
        }
    )


def _demand(study: Study) -> Any:
    demand = study.demand
    return demand and {
        "current_peak": demand.current_peak,
        "growth_per_month": demand.growth_per_month,
        "peak": demand.peak,
        "first_day": demand.dates[0],
        "last_day": demand.dates[-1],
        "dispersion": study.dispersion,
        "backtest": demand.backtest and demand.backtest.stretches,
        "weeks": [_week(demand, row) for row in demand.fan(days=7).to_dict("records")],
    }


def _week(demand: Demand, row: dict[Hashable, Any]) -> dict[Hashable, Any]:
    """Add to a row of the fan the same as an estimate."""
    peak = replace(demand.peak, value=row["median"], low=row["low"], high=row["high"])
    return row | {"peak": replace(peak, method="largest daily peak of a week, as of the horizon")}


def _fleet(study: Study) -> Any:
    return study.fleet and {
        "recommended": study.fleet.recommended,
        "running": study.fleet.instances_running,
        "safe_load_running": study.fleet.safe_load_running,
        "probability_missed_running": study.fleet.probability_missed_running,
        "options": study.fleet.options,
        "runway": study.fleet.runway,
        "additions": study.fleet.additions,
        "alternatives": study.alternatives and study.alternatives.to_frame(),
        "shared_limits": [str(limit) for limit in study.fleet.shared.limits],
        "choices": study.choices and study.choices.to_frame(),
        "worth_knowing": study.choices and study.choices.worth_knowing,
        "response_times": study.fleet_responses and study.fleet_responses.to_frame(),
    }


def _portfolio(study: Study) -> Any:
    portfolio = study.investments
    return portfolio and {
        "recommended": list(portfolio.recommended),
        "order": list(portfolio.best.items),
        "order_in_mind": list(portfolio.in_mind.items),
        "delay_cost": portfolio.best.cost_of_delay,
        "delay_cost_in_mind": portfolio.in_mind.cost_of_delay,
        "joint_saving": portfolio.joint_saving,
        "joint_npv": portfolio.joint_npv,
        "recommended_npv": portfolio.recommended_npv,
        "capacity_factor": portfolio.capacity_factor,
        "probability_gain": portfolio.probability_gain,
        "probability_gain_first_year": portfolio.probability_gain_first_year,
        "calendar": portfolio.calendar.to_frame(),
        "inputs": portfolio.information.to_frame(),
    }


def read_every_input(study: Study) -> None:
    """Read all that the plan names, so that a bad file is told whatever is asked of the study.

    Parameters
    ----------
    study : Study
        What one plan file leads to.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If the investments contradict each other.
    """
    from capacity.planning.system.stated import facts_of

    for part in ("inputs", "steps", "demand", "ledger"):
        getattr(study, part)
    facts_of(study.plan.investment)


def input_files(study: Tested) -> pd.DataFrame:
    """Return every file the study was made of: one row each, exports first, with size [bytes] and SHA-256.

    Parameters
    ----------
    study : Tested
        What one plan file leads to.
    """
    rows = [_of_export(test) for test in study.tests.values()]
    known = dict(_besides_exports(study.plan))
    return pd.DataFrame([*rows, *(_of_file(role, path) for path, role in known.items())])


def _besides_exports(plan: Plan) -> Iterator[tuple[Path, str]]:
    for source in plan.tests.values():
        if source.script:
            yield Path(source.script), "script"
    if plan.demand and plan.demand.history:
        yield Path(plan.demand.history), "history"
    for earlier in plan.ledger.plans if plan.ledger else ():
        yield Path(earlier), "earlier plan"
    if plan.file not in {Path(source.export) for source in plan.tests.values()}:
        yield plan.file, "plan"


def _of_export(test: LoadTest) -> dict[str, Any]:
    return {
        "role": "export",
        "test": test.name,
        "file": Path(test.file).name,
        "tool": test.tool,
        "dialect": test.dialect,
        "instances": test.instances,
        "started": test.start,
        "duration": test.duration,
        "size": test.size,
        "sha256": test.sha256,
    }


def _of_file(role: str, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "role": role,
        "file": path.name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _versions() -> dict[str, str]:
    names = ("capacity", "numpy", "pandas", "scipy")
    return {"python": platform.python_version()} | {name: version(name) for name in names}
