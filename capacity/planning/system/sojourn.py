"""How long requests take through the stations of a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.errors import Unstable
from capacity.estimate import number
from capacity.models.networks.open import OpenNetwork
from capacity.models.stations.queueing import MMc
from capacity.planning.system.parts import Station
from capacity.shown import Shown

METHOD = "sum of the stations' response times as distributions, M/M/c each; requests split at random over instances"


@dataclass(frozen=True)
class ResponseTime(Shown):
    """How long requests take.

    Parameters
    ----------
    mean, p50, p95, p99 : float
        [s]
    method : str
        How they were found.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> times = cap.evaluate(cap.System(stations=(web,)), load=250).response_time
    >>> round(times.mean, 4), round(times.p95, 4)  # [s]
    (0.039, 0.1043)
    """

    mean: float
    p50: float
    p95: float
    p99: float
    method: str = METHOD

    def __str__(self) -> str:
        times = {"mean": self.mean, "P50": self.p50, "P95": self.p95, "P99": self.p99}
        return ", ".join(f"{name} {number(1000 * time)} ms" for name, time in times.items())


def response_time(
    stations: Sequence[Station], load: float, instances: int, efficiency: float = 1.0
) -> ResponseTime | None:
    """Response times at a load, at the median of every number; None where a station saturates.

    A request waits at a station with the probability of Erlang's C and for an exponential time then, and is served
    for an exponential time; those a cache answers skip it. These times are added as distributions, never their
    quantiles. What the scaling law takes from an instance makes its service longer.

    Parameters
    ----------
    stations : sequence of Station
        In the order requests get there.
    load : float
        [req/s]
    instances : int
        Over which the load is split. [instances]
    efficiency : float
        Capacity of all instances over as many times that of one. [fraction]

    Examples
    --------
    >>> print(response_time([Station("instance", 8, 1 / 37.5, "instance")], load=250, instances=1))
    mean 37.3 ms, P50 29.1 ms, P95 100 ms, P99 145 ms
    """
    try:
        steps = [_steps(station, load, instances, efficiency) for station in stations]
    except Unstable:
        return None
    rates, routing, entry = _ways([step for step in steps if step[0] > 0])
    at_all = float(entry.sum())
    if at_all <= 0:
        return ResponseTime(0.0, 0.0, 0.0, 0.0)
    network = OpenNetwork(entry.tolist(), routing.tolist(), rates, ["delay"] * len(rates))

    def quantile(q: float) -> float:
        late = (1 - q) / at_all
        return network.response_time_quantile(1 - late) if late < 1 else 0.0

    return ResponseTime(at_all * network.response_time, quantile(0.5), quantile(0.95), quantile(0.99))


def _steps(
    station: Station, load: float, instances: int, efficiency: float
) -> tuple[float, float, float, float]:
    """Share of requests that get to a station, chance to wait there, rates of the wait and of the service."""
    own = station.scope == "instance"
    servers, time, hits = (
        float(np.median(value)) for value in (station.servers, station.service_time, station.hit_ratio)
    )
    whole = max(round(servers), 1)
    service_rate = servers / whole / time * (efficiency if own else 1.0)
    station_load = load * (1 - hits) / (instances if own else 1)
    queue = MMc(station_load, service_rate, whole)
    spare = whole * service_rate - station_load
    return 1 - hits, queue.wait_probability, spare, np.inf if station.held else service_rate


def _ways(
    steps: Sequence[tuple[float, float, float, float]],
) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Waits and services as delays: their rates, where each leads, and where requests enter."""
    rates: list[float] = []
    routing = np.zeros((2 * len(steps), 2 * len(steps)))
    entry = np.zeros(2 * len(steps))
    for reached, waits, wait_rate, service_rate in reversed(steps):
        wait, serve = len(rates), len(rates) + 1
        arrive = entry.copy()
        if np.isfinite(service_rate):
            routing[serve] = entry
            arrive = np.zeros_like(entry)
            arrive[serve] = 1.0
        rates += [wait_rate, service_rate if np.isfinite(service_rate) else wait_rate]
        routing[wait] = arrive
        waiting = np.zeros_like(entry)
        waiting[wait] = 1.0
        entry = (1 - reached) * entry + reached * (waits * waiting + (1 - waits) * arrive)
    return rates, routing, entry
