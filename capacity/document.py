"""What a study writes into plan.json: inputs with checksums, estimates with provenance, the verdict."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.plain import SCHEMA, plain_data

if TYPE_CHECKING:
    from capacity.evidence.loadtest import LoadTest
    from capacity.plan import Plan
    from capacity.study import Study


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
            "fleet": _fleet(study),
            "investments": study.investments and study.investments.to_frame(),
            "actions": study.actions,
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
        "weeks": demand.fan(days=7),
    }


def _fleet(study: Study) -> Any:
    return study.fleet and {
        "recommended": study.fleet.recommended,
        "running": study.fleet.instances_running,
        "options": study.fleet.options,
        "runway": study.fleet.runway,
        "additions": study.fleet.additions,
        "choices": study.choices and study.choices.to_frame(),
        "response_times": study.fleet_responses and study.fleet_responses.to_frame(),
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
    from capacity.planning.baseline import facts_of

    for part in ("inputs", "steps", "demand", "ledger"):
        getattr(study, part)
    facts_of(study.plan.investment)


def input_files(study: Study) -> pd.DataFrame:
    """Return every file the study was made of: one row each, exports first, with size [bytes] and SHA-256.

    Parameters
    ----------
    study : Study
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
