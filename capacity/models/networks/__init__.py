"""Networks of stations: open, closed and mixed ones, exactly where that is possible, and pools held together."""

from capacity.models.networks.approximate import bard_schweitzer, linearizer
from capacity.models.networks.closed import ClosedNetwork, ClosedSolution
from capacity.models.networks.exact import curve, largest_population, solve
from capacity.models.networks.layered import LayeredPool
from capacity.models.networks.mixed import MixedNetwork, solve_open_classes
from capacity.models.networks.open import OpenNetwork

__all__ = [
    "ClosedNetwork",
    "ClosedSolution",
    "LayeredPool",
    "MixedNetwork",
    "OpenNetwork",
    "bard_schweitzer",
    "curve",
    "largest_population",
    "linearizer",
    "solve",
    "solve_open_classes",
]


def __dir__() -> list[str]:
    return __all__
