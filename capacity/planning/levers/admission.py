"""What is let in when not everything can be served."""

from __future__ import annotations

from dataclasses import replace

from capacity.errors import NotIdentified
from capacity.planning.system.parts import Quantity
from capacity.planning.system.system import System


def rate_limit(system: System, *, limit_share: Quantity, queue_limit: Quantity | None = None) -> System:
    """Limit admission globally, so that an overload is refused fast and ends with its cause.

    Capacity becomes min(1, share) of what it was; overload is contained when the share is not above 1, or when a
    queue is refused that would take longer than the deadline. Where tiers are known they are let in by importance.
    Limits per user alone protect nothing: their sum is usually far above the capacity.

    Parameters
    ----------
    system : System
        With overload figures, or the deadline or tiers of its traffic.
    limit_share : float
        Global limit as a share of capacity. [fraction]
    queue_limit : float, optional
        Requests that may wait; the rest is refused. [requests]

    Raises
    ------
    NotIdentified
        If the system says neither how often it is overloaded nor what an overload does.

    References
    ----------
    .. [1] Google, Site Reliability Workbook, 2018, ch. 11 (managing load).

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> overload = parts.Overload(loads=(100.0,), times_per_year=(3.0,), stuck_minutes=25, contained_minutes=3)
    >>> today = cap.System(stations=(web,), overload=overload)
    >>> then = cap.levers.rate_limit(today, limit_share=0.9)  # [fraction of the capacity]
    >>> [float(cap.evaluate(system).downtime_minutes) for system in (today, then)]  # [min/y]
    [75.0, 9.0]
    """
    if system.overload is None and system.traffic.deadline is None and not system.traffic.tiers:
        raise NotIdentified(
            "lever 'rate_limit' needs how often demand exceeds capacity; state overloads_per_year with "
            "stuck_minutes and contained_minutes, or give a traffic history"
        )
    queue = system.queue_limit if queue_limit is None else queue_limit
    return replace(system, limit_share=limit_share, queue_limit=queue)
