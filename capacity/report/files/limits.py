"""Limits for what stands before and behind the instances: nginx and PgBouncer. Inputs stand in comments."""

from __future__ import annotations

import math
from typing import Any

from capacity.errors import NotIdentified
from capacity.models import laws
from capacity.models.overload.replicas import pool_per_replica
from capacity.models.overload.shedding import queue_limit
from capacity.planning.system.stated import facts_of, three_of
from capacity.wording import counted, visible

_SHARE_OF_DEADLINE = 0.5  # of the objective that a request may spend waiting to be let in
_RESERVED = 3  # connections PostgreSQL keeps for administration by default
_VERSIONS = 2  # side by side while one replaces the other
_CLIENTS = 100  # PgBouncer's own default


def nginx(study: Any, safe: float) -> str:
    """Write a limit for nginx's http block: the fleet's safe load, and a queue that still meets the SLO.

    Parameters
    ----------
    study : Study
        With a recommended fleet.
    safe : float
        What that fleet may be given. [req/s]
    """
    rate = max(math.floor(safe), 1)
    deadline = min(study.slo.quantiles.values(), default=1.0)
    waiting = max(queue_limit(rate, _SHARE_OF_DEADLINE * deadline), 1)
    return "\n".join(
        [
            f"# Service: {visible(study.plan.service.name)}",
            "# Include this in the http block of the one nginx before all instances;",
            "# of several nginx, give each its part of the rate.",
            f"# {counted(study.fleet.recommended, 'instance')} may be given {rate} req/s.",
            f"# {waiting} more wait, at most half of {deadline:g} s.",
            f'limit_req_zone "all" zone=capacity:1m rate={rate}r/s;',
            f"limit_req zone=capacity burst={waiting};",
            "limit_req_status 429;",
            "",
        ]
    )


def pgbouncer(study: Any, most: int, share: float) -> str:
    """Write PgBouncer's limits for one beside each instance, so that a deployment does not run out of connections.

    Parameters
    ----------
    study : Study
        With a recommended fleet.
    most : int
        Largest number of instances of one version. [instances]
    share : float
        Load of one of them. [req/s]

    Raises
    ------
    NotIdentified
        If the plan does not state the facts, or there is not one connection for each instance.
    """
    facts = facts_of(study.plan.investment)
    wanted = _pool_wanted(study.plan)
    if wanted is None or "max_connections" not in facts:
        raise NotIdentified(
            "the plan states no connection_pool investment with max_connections and pool_size"
        )
    there, reserved = accepted(facts)
    versions = versions_at_once(study.plan)
    fits = pool_per_replica(there, reserved, most, versions)
    asked = f"{versions} versions of up to {counted(most, 'instance')}"
    if fits == 0:
        raise NotIdentified(
            f"{there} connections less {reserved} reserved are not one for each of {asked}; "
            "allow the database more, or put one PgBouncer before it instead of one beside each instance"
        )
    deadline = max(study.slo.quantiles.values(), default=1.0)
    clients = max(math.ceil(laws.concurrency(share, deadline)), _CLIENTS)
    pool = min(wanted, fits)
    return "\n".join(
        [
            f"; Service: {visible(study.plan.service.name)}",
            "; For a PgBouncer beside each instance. Include this inside the [pgbouncer] section of its own file:",
            ";   %include /path/to/limits/pgbouncer.ini",
            "; It has no section of its own, for a second [pgbouncer] would reset what the first one set.",
            f"; The database accepts {there} connections, {reserved} are kept for administration"
            f"{'' if 'reserved_connections' in facts else ' (by default: the plan does not say)'}.",
            f"; {asked} at once (maxReplicas in hpa.yaml) may have {fits} each.",
            f"; The plan asks for {wanted} each, {wanted * versions * most} in all"
            f"{'.' if wanted <= fits else ': too many during a deployment.'}",
            f"; Clients: {share:.4g} req/s in an instance, each at most {deadline:g} s (Little's law).",
            "; Transaction pooling: a client has a connection for one transaction only, so what lasts a session is",
            "; lost: SET, LISTEN, session advisory locks, temporary tables, WITH HOLD cursors; prepared statements",
            "; need PgBouncer 1.21 and max_prepared_statements. Use pool_mode = session where the service needs them.",
            "pool_mode = transaction",
            f"default_pool_size = {pool}",
            f"max_db_connections = {pool}",
            f"max_client_conn = {clients}",
            "",
        ]
    )


def versions_at_once(plan: Any) -> int:
    """Versions of the service that hold connections side by side: as the limits state, else 2. [versions]"""
    stated = [limit.environments for limit in plan.limit if limit.environments is not None]
    return max(stated, default=_VERSIONS)


def accepted(facts: Any) -> tuple[int, int]:
    """Connections the database accepts, and those kept for administration, at the worse end of a range."""
    there = three_of(facts["max_connections"])[0]
    return math.floor(there), math.ceil(three_of(facts.get("reserved_connections", _RESERVED))[2])


def _pool_wanted(plan: Any) -> int | None:
    """Largest pool of an instance that the plan's investment names. [connections]"""
    pools = [one.parameters.get("pool_size") for one in plan.investment if one.lever == "connection_pool"]
    return max((math.ceil(three_of(pool)[2]) for pool in pools if pool is not None), default=None)
