"""Every figure: a result in, a picture with its text alternative out.

Figures compute nothing but the picture. What is `Missing` is not drawn: its reason is returned in its
place, so that a notebook asks for every figure without looking first.
"""

from capacity.report.plots.against_load import offered_achieved, response_times
from capacity.report.plots.ahead import demand_fan, past_forecasts, runway, week
from capacity.report.plots.comparison import services
from capacity.report.plots.downtime import availability
from capacity.report.plots.fleets import fleet_options, headroom, scaling
from capacity.report.plots.model_fit import model_fit
from capacity.report.plots.over_time import load_over_time, spike
from capacity.report.plots.what_if import change, what_if
from capacity.report.plots.worth import investments, roadmap, ruler, sensitivity

__all__ = [
    "availability",
    "change",
    "demand_fan",
    "fleet_options",
    "headroom",
    "investments",
    "load_over_time",
    "model_fit",
    "offered_achieved",
    "past_forecasts",
    "response_times",
    "roadmap",
    "ruler",
    "runway",
    "scaling",
    "sensitivity",
    "services",
    "spike",
    "week",
    "what_if",
]


def __dir__() -> list[str]:
    return __all__
