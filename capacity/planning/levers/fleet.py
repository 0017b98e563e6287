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

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> today = cap.System(stations=(web,), instances=2, scaling=cap.Amdahl(1.0, 0.03))
    >>> then = cap.levers.horizontal_scaling(today, instances=4)
    >>> [round(float(cap.evaluate(system).capacity)) for system in (today, then)]  # [req/s]
    [575, 1087]
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

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> traffic = parts.Traffic(request_rate=300, ramp_per_second=0.1)  # [req/s], [req/s per s]
    >>> today = cap.System(stations=(web,), instances=2, traffic=traffic, startup_seconds=90, instance_per_month=50)
    >>> then = cap.evaluate(cap.levers.autoscaling(today, most_instances=6))
    >>> round(float(then.capacity)), round(float(then.running_instances), 2)  # [req/s], [instances]
    (1778, 2.0)
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

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> today = cap.System(instances=3, failures=parts.Failures(mttf_hours=2000, repair_minutes=60))
    >>> then = cap.levers.health_checks(
    ...     today, interval_seconds=10, failure_threshold=3, timeout_seconds=5, probe_failure=1e-4
    ... )
    >>> [round(float(cap.evaluate(system).downtime_minutes)) for system in (today, then)]  # [min/y]
    [263, 3]
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
