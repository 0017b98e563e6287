"""Sixteen investments in 10,000 worlds: ours against the loss of every set in plain NumPy.

Run as ``python benchmarks/portfolio.py``. Both know one loss of six causes, each in all worlds. The yardstick does what
anyone would write: a loop over the 65,536 sets, with the mean over the worlds of each. Ours finds the same
65,536 means, and with them the best order, the Shapley shares and the best set within a budget. First the answers are
compared, then the times (`paired.ratio`). The limit is 0.1. The time of a whole portfolio of the catalogue's levers,
their evaluation and text included, is reported only.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.estimate import Estimate
from capacity.plan import Cost, Investment
from capacity.planning.portfolio.combinations import Combinations
from capacity.planning.portfolio.portfolio import evaluate_portfolio
from capacity.planning.portfolio.roadmap import Roadmap

ITEMS, WORLDS = 16, 10_000
LIMIT = 0.1
SAME = 1e-12
RNG = np.random.default_rng(1)
LEFT = RNG.beta(4, 4, (ITEMS, WORLDS))  # share of its cause that each item leaves, in each world
CAUSES = {"deployments": (0, 1), "overload": (2, 3, 4, 5, 6, 7), "incidents": (8, 9, 10), "silent": (11,),
          "provider": (12, 13), "instances": (14, 15, 0)}  # fmt: skip
MINUTES = {name: RNG.gamma(4, 100, WORLDS) for name in CAUSES}
PRICE = RNG.gamma(9, 12, WORLDS)
HOURS = {f"work {i}": float(hours) for i, hours in enumerate(RNG.uniform(4, 12, ITEMS))}


def cause(name: str, done: int) -> np.ndarray:
    """Lost to one cause in each world: the minutes that the items done leave, at their price. [$ per year]"""
    left = MINUTES[name] * PRICE
    for item in CAUSES[name]:
        if done >> item & 1:
            left = left * LEFT[item]
    return left


def parts(done: int) -> dict[str, float]:
    """Mean lost to each cause with a set done. [$ per year]"""
    return {name: float(cause(name, done).mean()) for name in CAUSES}


def plain() -> np.ndarray:
    """Mean loss of every set, one after the other. [$ per year]"""
    return np.array([sum(cause(name, done) for name in CAUSES).mean() for done in range(1 << ITEMS)])  # type: ignore[union-attr]


def ours() -> np.ndarray:
    """The same, and what is asked of it."""
    losses = Combinations(ITEMS, parts, np.random.default_rng(1)).losses
    work = Roadmap(HOURS, losses)
    work.best_order(), work.shapley, work.best_within(60)
    return losses


def whole_portfolio() -> float:
    """Seconds for all 16 levers of the catalogue whose worth can be in the system, ranges and text included."""
    began = time.perf_counter()
    portfolio = evaluate_portfolio(
        None,
        [
            Investment(lever=lever, hours=(4, 6, 9), parameters=given | (FACTS if lever == "apm" else {}))
            for lever, given in LEVERS.items()
        ],
        Cost(instance_per_month=50, engineer_per_hour=100, downtime_per_minute=(20, 100, 300)),
        instance_capacity=Estimate(300.0, 280.0, 320.0, "req/s", "", "measured"),
        rng=np.random.default_rng(1),
        worlds=WORLDS,
    )
    if portfolio.not_evaluable or not portfolio.text:
        raise SystemExit(f"not evaluable: {dict(portfolio.not_evaluable)}")
    return time.perf_counter() - began


def main() -> int:
    """Print the comparison, the ratio and the time of a whole portfolio; 1 where the limit is missed."""
    gap = float(np.max(np.abs(ours() / plain() - 1)))
    print(f"65,536 sets: largest relative difference {gap:.1e}")
    if gap > SAME:
        raise SystemExit("the losses differ")
    found = ratio(plain, ours, rounds=3)
    print(found.line("16 items, 10,000 worlds, all sets", LIMIT))
    print(f"portfolio of {len(LEVERS)} levers, 10,000 worlds: {whole_portfolio():.1f} s")
    return int(found.median > LIMIT)


FACTS = {
    "database_cores": 8, "query_ms": (15, 20, 24), "connect_ms": 6.7, "max_connections": 100,
    "reserved_connections": 3, "connections_per_instance": 120, "exhaustion_minutes": (60, 120, 200),
    "deploys_per_year": (60, 100, 140), "planned_minutes": 2, "change_failure_rate": (0.05, 0.1, 0.2),
    "restore_minutes": (30, 60, 90), "incidents_per_year": (6, 12, 20), "detect_minutes": (5, 10, 20),
    "triage_minutes": 15, "diagnose_minutes": (20, 45, 80), "fix_minutes": 20, "retries_today": 2,
    "stuck_minutes": (30, 60, 90), "contained_minutes": 4, "overloads_per_year": (2, 6, 12), "silent_per_year": 4,
    "silent_detect_minutes": 300, "silent_fix_minutes": 60, "silent_impact": 0.05, "instance_mttf_hours": 720,
    "instance_repair_minutes": 20, "provider_unavailability": 0.001, "provider_impact": 0.2, "provider_rate": 5,
    "provider_outage_hours": 1, "request_rate": 150, "sockets": 10_000, "startup_seconds": 90, "ramp_per_second": 1,
}  # fmt: skip
LEVERS = {
    "connection_pool": {"reuse": (0.9, 0.95, 0.99), "pool_size": 10},
    "retries": {"retry_budget": 0.1},
    "blue_green": {"planned_minutes_after": 0, "restore_minutes_after": (4, 6, 10)},
    "apm": {"detect_factor": (0.2, 0.3, 0.6), "diagnose_factor": (0.4, 0.5, 0.9), "cpu_share": (0.01, 0.02, 0.04)},
    "rate_limit": {"limit_share": 1.0},
    "tracing": {"diagnose_factor": 0.6, "sampling": 0.1, "failing_requests": 20, "cpu_share": 0.01},
    "caching": {"hit_ratio": (0.2, 0.25, 0.4)},
    "horizontal_scaling": {"instances": 3},
    "autoscaling": {"most_instances": 6},
    "health_checks": {"interval_seconds": 10, "failure_threshold": 3, "timeout_seconds": 5, "probe_failure": 0.001},
    "metrics": {"objective": 0.999, "burn_rate": 14.4, "window_hours": 1, "incident_error_rate": 0.1,
                "cpu_share": 0.01},
    "error_monitoring": {"error_sampling": 1, "errors_per_second": 0.01},
    "failover": {"standbys": 2, "standby_unavailability": 0.001, "switch_coverage": 0.95, "common_cause": 0.05},
    "multi_stage_images": {"image_mb": 1200, "image_mb_after": 180, "pull_mb_per_second": 50},
    "websocket_reconnects": {"spread_seconds": 120},
    "security_hardening": {},
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
