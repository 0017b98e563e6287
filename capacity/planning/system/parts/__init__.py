"""What a system is made of. Any number may be an array with one value for each sampled world."""

from capacity.planning.system.parts.calls import Breaker, Calls
from capacity.planning.system.parts.failures import Block, Failures, Probes, Providers
from capacity.planning.system.parts.loads import Connections, Overload, Traffic
from capacity.planning.system.parts.outages import Changes, Incidents
from capacity.planning.system.parts.ranges import Flags, Quantity, check_ranges
from capacity.planning.system.parts.stations import Station
from capacity.planning.system.parts.system import System

__all__ = [
    "Block",
    "Breaker",
    "Calls",
    "Changes",
    "Connections",
    "Failures",
    "Flags",
    "Incidents",
    "Overload",
    "Probes",
    "Providers",
    "Quantity",
    "Station",
    "System",
    "Traffic",
    "check_ranges",
]


def __dir__() -> list[str]:
    return __all__
