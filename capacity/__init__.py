"""Capacity planning from load tests: what they prove, how much is carried, how many instances, what first.

The public names are here, flat; each is loaded when first used, so that ``import capacity`` stays light.

Examples
--------
>>> import capacity as cap
>>> print(round(cap.MMc(arrival_rate=250, service_rate=37.5, servers=8).response_time_quantile(0.95), 4))
0.1002
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Estimate": "capacity.estimate",
    "CapacityError": "capacity.errors",
    "UsageError": "capacity.errors",
    "InputError": "capacity.errors",
    "DomainError": "capacity.errors",
    "Unstable": "capacity.errors",
    "NotIdentified": "capacity.errors",
    "MM1": "capacity.models.stations.queueing",
    "MMc": "capacity.models.stations.queueing",
    "MMcK": "capacity.models.stations.bounded",
    "MG1": "capacity.models.stations.single_server",
    "MDc": "capacity.models.stations.constant",
    "DMc": "capacity.models.stations.constant",
    "GGc": "capacity.models.stations.general",
    "MMcPS": "capacity.models.stations.sharing",
    "MG1PS": "capacity.models.stations.sharing",
    "PriorityMG1": "capacity.models.stations.priority",
    "PriorityMMc": "capacity.models.stations.priority",
    "ErlangA": "capacity.models.stations.abandonment",
    "FiniteSource": "capacity.models.stations.finite",
    "fit_station": "capacity.models.fits.stationfit",
    "LognormalDemand": "capacity.models.newsvendor",
    "service_demands": "capacity.models.demands",
    "distributions": "capacity.models.distributions",
    "laws": "capacity.models.laws",
    "networks": "capacity.models.networks",
    "overload": "capacity.models.overload",
    "simulation": "capacity.models.simulation",
    "erlang_b": "capacity.models.stations.erlang",
    "erlang_c": "capacity.models.stations.erlang",
    "servers_for": "capacity.models.stations.queueing",
    "Linear": "capacity.models.scalability",
    "Amdahl": "capacity.models.scalability",
    "Usl": "capacity.models.scalability",
    "mirr": "capacity.models.finance",
    "npv": "capacity.models.finance",
    "pert_mean": "capacity.models.finance",
    "pert_quantile": "capacity.models.finance",
    "pert_sample": "capacity.models.finance",
    "pert_with_common_cause": "capacity.models.finance",
    "evpi": "capacity.models.decisions",
    "evppi": "capacity.models.decisions",
    "break_even": "capacity.models.decisions",
    "tornado": "capacity.models.sensitivity",
    "sobol": "capacity.models.sensitivity",
    "first_order": "capacity.models.sensitivity",
    "System": "capacity.planning.system.system",
    "Evaluation": "capacity.planning.system.system",
    "evaluate": "capacity.planning.system.system",
    "levers": "capacity.planning.levers",
    "parts": "capacity.planning.system.parts",
    "Roadmap": "capacity.planning.portfolio.roadmap",
    "Schedule": "capacity.planning.portfolio.schedule",
    "evaluate_portfolio": "capacity.planning.portfolio.portfolio",
    "value_of_information": "capacity.planning.portfolio.information",
    "irr": "capacity.models.finance",
    "payback_months": "capacity.models.finance",
    "read_history": "capacity.planning.demand.traffic",
    "forecast": "capacity.planning.demand.demand",
    "scenario": "capacity.planning.demand.demand",
    "backtest": "capacity.planning.demand.backtest",
    "Policy": "capacity.planning.fleet.headroom",
    "waterfall": "capacity.planning.fleet.headroom",
    "largest_mean": "capacity.planning.fleet.headroom",
    "plan_fleet": "capacity.planning.fleet.fleet",
    "dispersion": "capacity.planning.demand.dispersion",
    "second_opinion": "capacity.planning.demand.second_opinion",
    "FleetResponse": "capacity.planning.fleet.response",
    "implied_ratio": "capacity.models.newsvendor",
    "LoadTest": "capacity.evidence.loadtest",
    "read": "capacity.evidence.exports",
    "read_script": "capacity.evidence.exports.artillery",
    "find_steps": "capacity.evidence.steps",
    "find_limits": "capacity.evidence.limits",
    "calibrate": "capacity.evidence.calibration",
    "fit_scaling": "capacity.evidence.scaling",
    "audit": "capacity.evidence.audit",
    "plan_next_test": "capacity.evidence.next_test",
    "judge": "capacity.evidence.claims",
    "Slo": "capacity.evidence.limits",
    "Plan": "capacity.plan",
    "Investment": "capacity.plan",
    "Cost": "capacity.plan",
    "load_plan": "capacity.plan",
    "Study": "capacity.study",
    "Missing": "capacity.study",
    "explore": "capacity.report.explore",
    "plots": "capacity.report.plots",
    "table": "capacity.display",
    "prose": "capacity.display",
    "banner": "capacity.display",
    "tiles": "capacity.display",
    "terms": "capacity.display",
    "glossary": "capacity.planning.glossary",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'capacity' has no attribute {name!r}")
    home = import_module(_HOME[name])
    value = getattr(home, name, home)  # `plots`, `networks` ... are modules themselves
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
