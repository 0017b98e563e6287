"""What a new version costs: deployments, images, sockets that come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.planning.system.parts import Quantity
from capacity.planning.system.system import System


def blue_green(
    system: System,
    *,
    planned_minutes_after: Quantity,
    restore_minutes_after: Quantity,
    blast_fraction: Quantity | None = None,
    overlap_hours: Quantity | None = None,
) -> System:
    """Deploy beside the running version and switch, or switch back.

    Down N (planned + failure_rate restore blast) minutes a year, with the new minutes; two versions side by
    side ask for twice the connections and, during the overlap, twice the instances; the new one starts with
    cold caches.

    Parameters
    ----------
    system : System
        With its change process.
    planned_minutes_after, restore_minutes_after : float
        Down in each deployment, and from a bad one until it is undone. [min]
    blast_fraction : float, optional
        Users a bad change reaches; as today unless given. [fraction]
    overlap_hours : float, optional
        Both versions run, per deployment; as today unless given. [h]

    Raises
    ------
    NotIdentified
        If the system says nothing about its deployments.

    References
    ----------
    .. [1] Google, Site Reliability Engineering, 2016, ch. 8; Humble and Farley, Continuous Delivery, 2010,
       ch. 10.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> changes = parts.Changes(deploys_per_year=50, planned_minutes=5, failure_rate=0.1, restore_minutes=30)
    >>> today = cap.System(changes=changes)
    >>> then = cap.levers.blue_green(today, planned_minutes_after=0, restore_minutes_after=2, overlap_hours=0.5)
    >>> cap.evaluate(today).downtime_minutes, cap.evaluate(then).downtime_minutes  # [min/y]
    (400.0, 10.0)
    """
    if system.changes is None:
        raise NotIdentified(
            "lever 'blue_green' needs the change process of today; state deploys_per_year and its minutes"
        )
    today = system.changes
    changes = replace(
        today,
        planned_minutes=planned_minutes_after,
        restore_minutes=restore_minutes_after,
        blast_fraction=today.blast_fraction if blast_fraction is None else blast_fraction,
        overlap_hours=today.overlap_hours if overlap_hours is None else overlap_hours,
        side_by_side=True,
    )
    twice = None if system.connections is None else replace(system.connections, environments=2)
    return replace(system, changes=changes, connections=twice)


def multi_stage_images(
    system: System, *, image_mb: Quantity, image_mb_after: Quantity, pull_mb_per_second: Quantity
) -> System:
    """Build smaller images, so that a new instance starts sooner.

    (before − after) / bandwidth seconds less to start; the same less to undo a bad version, unless the old one
    still runs beside it.

    Parameters
    ----------
    system : System
        With its start-up time.
    image_mb, image_mb_after : float
        Size of the image today, and afterwards. [MB]
    pull_mb_per_second : float
        At which an instance pulls it. [MB/s]

    Raises
    ------
    NotIdentified
        If the start-up time is not known.
    DomainError
        If more time is saved than starting takes.

    References
    ----------
    .. [1] Docker documentation, Multi-stage builds.

    Examples
    --------
    >>> import capacity as cap
    >>> today = cap.System(startup_seconds=90)  # [s]
    >>> then = cap.levers.multi_stage_images(today, image_mb=1200, image_mb_after=200, pull_mb_per_second=50)
    >>> then.startup_seconds  # [s]
    70.0
    """
    if system.startup_seconds is None:
        raise NotIdentified(
            "lever 'multi_stage_images' needs the start-up time of today; state startup_seconds"
        )
    saved = (image_mb - image_mb_after) / pull_mb_per_second
    if np.any(np.asarray(saved) > system.startup_seconds):
        raise DomainError(
            f"multi_stage_images: {np.max(saved):.3g} s less to pull out of startup_seconds = "
            f"{np.min(system.startup_seconds):.3g}; allowed: no more than starting takes"
        )
    sooner = replace(system, startup_seconds=system.startup_seconds - saved)
    if system.changes is None:
        return sooner
    return replace(sooner, changes=replace(system.changes, pulled_sooner_minutes=np.maximum(saved, 0.0) / 60))


def websocket_reconnects(system: System, *, spread_seconds: Quantity) -> System:
    """Let clients come back over a time drawn at random when a deployment cuts their connections.

    S sockets need S/(C − λ) seconds beside the other load; where they return faster, the service is busy with them
    that long after each deployment.

    Parameters
    ----------
    system : System
        With its sockets, deployments, mean rate and capacity.
    spread_seconds : float
        Over which they return. [s]

    Raises
    ------
    NotIdentified
        If one of these is not known.

    References
    ----------
    .. [1] Brooker, Exponential backoff and jitter, AWS Architecture Blog, 2015.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> changes = parts.Changes(deploys_per_year=50, planned_minutes=0, failure_rate=0, restore_minutes=0)
    >>> traffic = parts.Traffic(request_rate=200, sockets=20_000)  # [req/s], [connections]
    >>> today = cap.System(stations=(web,), instances=2, changes=changes, traffic=traffic)
    >>> then = cap.levers.websocket_reconnects(today, spread_seconds=120)
    >>> [round(float(cap.evaluate(system).downtime_minutes)) for system in (today, then)]  # [min/y]
    [42, 0]
    """
    traffic = system.traffic
    if (
        traffic.sockets is None
        or traffic.request_rate is None
        or system.changes is None
        or not system.stations
    ):
        raise NotIdentified(
            "lever 'websocket_reconnects' needs sockets, request_rate, the change process and a capacity; state "
            "sockets, request_rate, deploys_per_year and its minutes"
        )
    return replace(system, traffic=replace(traffic, reconnect_seconds=spread_seconds))
