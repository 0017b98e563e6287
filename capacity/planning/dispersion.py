"""How irregular requests arrive: the index of dispersion of counts, from a fine history."""

from __future__ import annotations

from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.planning.traffic import TrafficHistory


def dispersion(history: TrafficHistory, burst_seconds: float) -> Estimate:
    """Return the index of dispersion of the counts in a burst. (Helper H1 fills this in.)"""
    raise NotIdentified(f"{history.name}: not measured over {burst_seconds:g} s")
