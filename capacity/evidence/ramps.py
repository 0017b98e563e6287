"""Ramps in parts: what each shows, and the load that surely lay behind what was measured there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step, read_step

_PARTS = 30  # parts that a ramp is read in
_AT_REST = 0.3  # mean queue, as a share of how far one that nothing holds back wanders, that has come to rest


def parts(test: LoadTest, step: Step) -> list[Step]:
    """Return a ramp period by period, a long one in thirty parts."""
    groups = np.array_split(step.rows, min(len(step.rows), _PARTS))
    return [read_step(test, step.kind, rows.tolist()) for rows in groups]


def settled_loads(ramp: Sequence[Step], fastest: float) -> list[float]:
    """Return for each part of a ramp the load that its response times surely had come to rest at. [req/s]

    Response times lag behind a moving load. A queue of mean length L at the rate λ comes to rest within about
    (L / 0.3)² / λ (`steadiness` has the reasoning): so long before a part began, the load was that of the last part
    that had ended by then. On a ramp that falls it is the part's own. 0 where nothing had ended.

    Parameters
    ----------
    ramp : sequence of Step
        Its parts, in time order.
    fastest : float
        Mean response time without a queue. [s]
    """
    loads = []
    for at, part in enumerate(ramp):
        queue = max(part.throughput * (part.mean - fastest), 0.0)  # Little's law
        begun = part.start - ((queue / _AT_REST) ** 2 / part.offered if part.offered else 0.0)
        ended = [i for i in range(at) if ramp[i].end <= begun + 0.5 * ramp[i].duration]
        loads.append(min(one.offered for one in ramp[ended[-1] : at + 2]) if ended else 0.0)
    return loads
