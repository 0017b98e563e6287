"""The plan file: one TOML file that says which tests belong to a service and what is wanted of it.

Every key is checked, every problem is reported at once, and nothing absent is guessed: a section that is not
there is None. `capacity/starter.toml` shows and explains the whole file. Latency objectives are
milliseconds in the file and seconds in `Slo.quantiles`.
"""

from capacity.plan.load import BALANCERS, Demand, Event, Limit, Policy, Size
from capacity.plan.plan import Plan, load_plan
from capacity.plan.source import MAX_BYTES
from capacity.plan.tested import Claim, Ledger, Service, Slo, TestSource
from capacity.plan.work import MEASURES, Attestation, Cost, Investment, Promise, Team

__all__ = [
    "BALANCERS",
    "MAX_BYTES",
    "MEASURES",
    "Attestation",
    "Claim",
    "Cost",
    "Demand",
    "Event",
    "Investment",
    "Ledger",
    "Limit",
    "Plan",
    "Policy",
    "Promise",
    "Service",
    "Size",
    "Slo",
    "Team",
    "TestSource",
    "load_plan",
]
