"""Every figure: a result in, a picture with its text alternative out.

Figures compute nothing but the picture. What is `Missing` is not drawn: its reason is returned in its
place, so that a notebook asks for every figure without looking first.
"""

from capacity.report.plots.against_load import offered_achieved, response_times
from capacity.report.plots.ahead import demand_fan, past_forecasts, runway, week
from capacity.report.plots.fleets import fleet_options, headroom, scaling
from capacity.report.plots.over_time import load_over_time, spike
from capacity.report.plots.worth import investments, ruler

__all__ = [
    "demand_fan",
    "fleet_options",
    "headroom",
    "investments",
    "load_over_time",
    "offered_achieved",
    "past_forecasts",
    "response_times",
    "ruler",
    "runway",
    "scaling",
    "spike",
    "week",
]
