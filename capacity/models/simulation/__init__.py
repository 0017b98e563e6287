"""Stations and networks as events: an independent witness for the formulas, and the answer where there is none."""

from capacity.models.simulation.arrivals import Arrivals, Even, Mmpp, Poisson, Renewal, Trace, Varying
from capacity.models.simulation.clients import Backoff, Breaker, Clients, RateLimit, RetryBudget, Users
from capacity.models.simulation.network import Network
from capacity.models.simulation.priority import PriorityQueue, Traffic
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.replication import compare, replicate
from capacity.models.simulation.run import Run
from capacity.models.simulation.sharing import SharedServers
from capacity.models.simulation.simulated import Simulated
from capacity.models.simulation.system import Cache, Deployment, Failures, Node, Scaling, Slowdown

__all__ = [
    "Arrivals",
    "Backoff",
    "Breaker",
    "Cache",
    "Clients",
    "Deployment",
    "Even",
    "Failures",
    "Mmpp",
    "Network",
    "Node",
    "Poisson",
    "PriorityQueue",
    "Queue",
    "RateLimit",
    "Renewal",
    "RetryBudget",
    "Run",
    "Scaling",
    "SharedServers",
    "Simulated",
    "Slowdown",
    "Trace",
    "Traffic",
    "Users",
    "Varying",
    "compare",
    "replicate",
]


def __dir__() -> list[str]:
    return __all__
