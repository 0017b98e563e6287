"""Between which numbers of instances an autoscaler may move, and the load on each that it is to hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.models.overload.replicas import desired_replicas

_LOADS = 100  # that stand for all of a history


@dataclass(frozen=True)
class Autoscaling:
    """Bounds and target of an autoscaler.

    Parameters
    ----------
    least, most : int
        [instances]
    target : float
        Mean load of an instance to hold. [req/s]
    """

    least: int
    most: int
    target: float

    def instances(self, load: float) -> int:
        """Instances it runs at a load. [instances]"""
        return min(max(instances_for(load, self.target), self.least), self.most)


def instances_for(load: float, target: float) -> int:
    """Fewest instances, at least one, with no more than the target on each. [instances]"""
    return max(desired_replicas(1, load, target, tolerance=0.0), 1)


def autoscaling(safe: Sequence[float], loads: Sequence[float], rare_peak: float) -> Autoscaling:
    """Choose bounds and target so that no size it runs, up to the whole fleet, is given more than is safe.

    With t req/s on each, m instances have up to m t, so t must be at most safe(m)/m for each m from the least number
    on. A smaller fleet may be given less each, for losing one weighs more; so a smaller least number lowers the
    target, and more instances run at the peak. Of all least numbers that with the fewest instance hours is taken.

    Parameters
    ----------
    safe : sequence of float
        What 0, 1, ... n instances may be given, for a whole fleet of n. [req/s]
    loads : sequence of float
        Loads so far, in buckets of one length; none: the whole fleet always runs. [req/s]
    rare_peak : float
        Peak that the largest number is for. [req/s]

    Raises
    ------
    DomainError
        If the whole fleet may be given nothing.

    Examples
    --------
    >>> autoscaling([0, 0, 300, 600, 900, 1200, 1500], loads=[400, 900, 1300], rare_peak=1600)
    Autoscaling(least=4, most=8, target=225.0)
    """
    whole = len(safe) - 1
    if whole < 1 or not safe[-1] > 0:
        raise DomainError(f"a fleet of {whole} instances may be given nothing; add instances")
    shares = [load / size for size, load in enumerate(safe[1:], start=1)]
    targets = {
        least: min(shares[least - 1 :]) for least in range(whole, 0, -1) if min(shares[least - 1 :]) > 0
    }
    if not len(loads):
        targets = {whole: targets[whole]}
    options = [
        Autoscaling(least, max(instances_for(rare_peak, target), whole), target)
        for least, target in targets.items()
    ]
    typical = np.quantile(loads, np.linspace(0, 1, _LOADS)).tolist() if len(loads) else [rare_peak]
    return min(options, key=lambda option: math.fsum(option.instances(load) for load in typical))
