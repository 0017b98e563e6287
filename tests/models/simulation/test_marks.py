"""Looks at a system in the course of a run."""

import numpy as np

from capacity.models.distributions import Exponential
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Clients
from capacity.models.simulation.network import MARKS, Network
from capacity.models.simulation.system import Node


def test_marks():
    """A hundred looks after the first, each with sums that never fall."""
    stations = (Node("a", Exponential(0.1)), Node("b", Exponential(0.1), servers=None))
    run = Network(stations, Clients(Poisson(8.0))).simulate(1_000, seed=1)
    assert len(run.marks) == MARKS + 1
    assert [mark.started for mark in run.marks] == list(range(0, 1_001, 10))
    for field in ("time", "busy", "queue", "came", "served", "wasted"):
        sums = np.array([getattr(mark, field) for mark in run.marks])
        assert (np.diff(sums, axis=0) >= 0).all()
    last = run.marks[-1]
    assert (last.came - last.served - last.present == 0).all()
