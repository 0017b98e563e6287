"""Pictures of the decision."""

from dataclasses import replace
from types import SimpleNamespace

from capacity.display import Prose
from capacity.report import plots
from capacity.study import Missing, Study
from capacity.wording import spoken


def test_work_stands_in_order(study, words_of):
    """Rows are in the recommended order, and what has no figure is named below."""
    picture = plots.investments(study.investments)
    names = [spoken(lever) for lever in study.investments.order]
    assert [text for text in words_of(picture) if text in names] == names
    assert "rfc7807 errors" in picture.caption


def test_work_without_prices_is_told_in_words(study):
    """Without prices there is no present value to draw."""
    free = [replace(item, npv=None) for item in study.investments.worth]
    assert isinstance(plots.investments(replace(study.investments, worth=tuple(free))), Prose)


def test_ruler_compares_asked_and_carried(study, words_of):
    """The plan on one ruler: both peaks, what is promised, and both capacities."""
    picture = plots.ruler(study)
    assert f"peak over {study.demand.horizon_days} days" in words_of(picture)
    assert str(study.demand.peak) in picture.alt
    assert str(study.capacity.production["all"]) in picture.alt


def test_ruler_of_a_bare_export(storefront):
    """Without demand the ruler shows what is carried, and says that demand is not known."""
    picture = plots.ruler(Study.load(storefront / "stress.json"))
    assert "what will be asked is not known" in picture.alt


def test_ruler_without_any_rate():
    """Where nothing is known at all there is a sentence."""
    nothing = Missing("demand", "none")
    nowhere = {"slo": {}, "production": {}, "saturation_throughput": None, "safe": None}
    capacity = SimpleNamespace(**nowhere, text="Nothing was measured.")
    plan = SimpleNamespace(service=SimpleNamespace(instances_tested=1))
    study = SimpleNamespace(demand=nothing, fleet=nothing, capacity=capacity, plan=plan)
    assert "Nothing was measured." in str(plots.ruler(study))
