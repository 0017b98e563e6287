"""Investments as changes to one model of the service, each a function of the system.

No lever carries a benefit: it changes a `System`, and `evaluate` tells what that is worth, alone or with
others.
"""

from capacity.planning.levers.admission import rate_limit
from capacity.planning.levers.assurance import load_tests, security_hardening
from capacity.planning.levers.calls import failover, retries
from capacity.planning.levers.database import caching, connection_pool
from capacity.planning.levers.fleet import autoscaling, health_checks, horizontal_scaling
from capacity.planning.levers.releases import blue_green, multi_stage_images, websocket_reconnects
from capacity.planning.levers.watching import apm, error_monitoring, metrics, tracing

__all__ = [
    "apm",
    "autoscaling",
    "blue_green",
    "caching",
    "connection_pool",
    "error_monitoring",
    "failover",
    "health_checks",
    "horizontal_scaling",
    "load_tests",
    "metrics",
    "multi_stage_images",
    "rate_limit",
    "retries",
    "security_hardening",
    "tracing",
    "websocket_reconnects",
]


def __dir__() -> list[str]:
    return __all__
