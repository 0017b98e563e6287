"""The storefront study, computed once, and pictures read as XML."""

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from capacity.display import Figure
from capacity.report import plots
from capacity.study import Study


@pytest.fixture(scope="session")
def study(storefront: Path) -> Study:
    """The storefront plan."""
    return Study.load(storefront / "plan.toml")


@pytest.fixture(scope="session")
def pictures(study: Study) -> dict[str, Figure]:
    """Every figure of the storefront, by name."""
    return {
        "load_over_time": plots.load_over_time(study.tests, study.findings),
        "offered_achieved": plots.offered_achieved(study.capacity),
        "response_times": plots.response_times(
            study.capacity, study.steps, slo=study.slo, service=study.service
        ),
        "spike": plots.spike(study.resilience, slo=study.slo),
        "demand_fan": plots.demand_fan(study.demand, study.fleet),
        "past_forecasts": plots.past_forecasts(study.demand),
        "week": plots.week(study.demand),
        "runway": plots.runway(study.fleet),
        "scaling": plots.scaling(study.scaling_points, study.scaling),
        "headroom": plots.headroom(study.headroom),
        "fleet_options": plots.fleet_options(study.fleet),
        "investments": plots.investments(study.investments),
        "ruler": plots.ruler(study),
        "availability": plots.availability(study.investments, study.plan.slo.availability),
        "roadmap": plots.roadmap(study.investments),
        "sensitivity": plots.sensitivity(study.investments),
        "model_fit": plots.model_fit(study.service),
        "services": plots.services(
            pd.DataFrame(
                {
                    "service": [study.name],
                    "peak": [study.demand.peak],
                    "promised": [study.fleet.safe_load_running],
                    "status": ["not ready"],
                }
            )
        ),
    }


@pytest.fixture(scope="session")
def words_of():
    """Words in a picture, in the order they were written."""

    def words(picture: Figure) -> list[str]:
        texts = ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
        return [(text.text or "").replace("\u00a0", " ") for text in texts]

    return words
