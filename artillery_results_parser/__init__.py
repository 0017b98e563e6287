"""Artillery's result files, all versions, as typed Python data.

``artillery run --output run.json`` writes one JSON file, in one of five dialects that differ in names, in
units, in what they leave out and in where they are wrong. `load` reads any of them, plain or gzip:

    from artillery_results_parser import load

    report = load("run.json")
    report.dialect                                   # "v2"
    report.aggregate.requests                        # 33102
    report.aggregate.codes                           # {200: 15580, 404: 7772, ...}
    report.aggregate.response_time.p95               # 4.77, in seconds
    for period in report.periods:                    # ten-second slices, with their true spans
        rate = period.requests / period.duration
    report.aggregate.endpoints["/cart"].errors       # {"ETIMEDOUT": 3}
    report.to_frames()["periods"]                    # a pandas table

Four rules hold everywhere:

- Times are seconds and instants epoch seconds (UTC), whatever the file had.
- What the file does not say is None. Only a counter that the tool keeps in this file, but had nothing to
  count in a slice, is 0.
- Rates are never taken from the file, whose own are rounded and averaged wrongly: divide counts by spans.
- What was strange but readable is in `Report.notes`; counters whose slices do not sum to the total are in
  `Report.disagreements`; what is not a report raises `ArtilleryError`, with the place and what to do.

The load that was asked for is in the test script, not in the report of version 2: see `load_script`.
"""

from artillery_results_parser.distribution import Distribution
from artillery_results_parser.errors import ArtilleryError
from artillery_results_parser.model import Disagreement, Endpoint, Period, Report, Summary, Vusers
from artillery_results_parser.phase import Phase
from artillery_results_parser.report import load
from artillery_results_parser.script import ScenarioShare, Script, load_script

__all__ = [
    "ArtilleryError",
    "Disagreement",
    "Distribution",
    "Endpoint",
    "Period",
    "Phase",
    "Report",
    "ScenarioShare",
    "Script",
    "Summary",
    "Vusers",
    "load",
    "load_script",
]


def __dir__() -> list[str]:
    return __all__
