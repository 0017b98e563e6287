"""What a system is made of. Any number may be an array with one value for each sampled world."""

from capacity.planning.parts.calls import Breaker, Calls
from capacity.planning.parts.failures import Block, Failures, Probes, Providers
from capacity.planning.parts.loads import Connections, Overload, Traffic
from capacity.planning.parts.outages import Changes, Incidents
from capacity.planning.parts.ranges import Flags, Quantity, check_ranges
from capacity.planning.parts.stations import Station
from capacity.planning.parts.system import System

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
