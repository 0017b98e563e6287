"""More instances: how many, when they start, and which of them get requests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capacity.errors import NotIdentified
from capacity.planning.system.parts import Probes, Quantity
from capacity.planning.system.system import System


def horizontal_scaling(system: System, *, instances: Quantity) -> System:
    """Run more instances behind a balancer.

    Stations that every instance has grow with the scaling law; shared ones stay, and so does the number of
    connections.

    Parameters
    ----------
    system : System
        Of any kind.
    instances : float
        Instances from now on; of a range the mean, rounded. [instances]

    References
    ----------
    .. [1] Gunther, Guerrilla Capacity Planning, Springer, 2007 (universal scalability law).
    """
    return replace(system, instances=_whole(instances))


def autoscaling(system: System, *, most_instances: Quantity) -> System:
    """Add instances as the load rises and take them away as it falls.

    Capacity is that of the most instances; on average rate/(target × capacity of one) of them run, within the
    bounds, with target 1 − ramp × start-up time / capacity of one. A step beyond the capacity is not saved by
    it: it builds a backlog for as long as starting takes; shed instead.

    Parameters
    ----------
    system : System
        With its mean rate, steepest ramp, start-up time and capacity.
    most_instances : float
        Upper bound; of a range the mean, rounded. The lower bound is what runs anyway. [instances]

    Raises
    ------
    NotIdentified
        If one of these is not known.

    References
    ----------
    .. [1] Kubernetes documentation, Horizontal Pod Autoscaling.
    """
    traffic = system.traffic
    known = traffic.request_rate, traffic.ramp_per_second, system.startup_seconds
    if any(value is None for value in known) or not system.stations:
        raise NotIdentified(
            "lever 'autoscaling' needs the mean rate, the ramp, the start-up time and a capacity; state request_rate, "
            "ramp_per_second and startup_seconds"
        )
    return replace(system, most_instances=_whole(most_instances))


def health_checks(
    system: System,
    *,
    interval_seconds: Quantity,
    failure_threshold: Quantity,
    timeout_seconds: Quantity,
    probe_failure: Quantity,
) -> System:
    """Take instances that do not answer out of rotation.

    A dead one gets requests for interval × threshold + timeout instead of until it is repaired; a healthy one is
    taken out (probes of a year) pᵏ(1 − p) times. One of n out leaves the others n/(n − 1) of their load: above
    `one_lost_capacity` ejections bring ejections.

    Parameters
    ----------
    system : System
        With the failures of its instances.
    interval_seconds, timeout_seconds : float
        Between probes, and after which one counts as failed. [s]
    failure_threshold : float
        Failures in a row at which an instance is taken out. [probes]
    probe_failure : float
        Probes that fail though the instance is healthy. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about the failures of its instances.

    References
    ----------
    .. [1] Yanacek, Implementing health checks, Amazon Builders' Library, 2019.
    """
    if system.failures is None:
        raise NotIdentified(
            "lever 'health_checks' needs the failures of instances today; state instance_mttf_hours and "
            "instance_repair_minutes"
        )
    probes = Probes(interval_seconds, failure_threshold, timeout_seconds, probe_failure)
    return replace(system, failures=replace(system.failures, probes=probes))


def _whole(instances: Quantity) -> int:
    return round(float(np.mean(instances)))
