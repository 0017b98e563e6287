"""The what-if panel without a browser: its sliders, what it says, and what stands in its place elsewhere."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from capacity.display import Prose
from capacity.report import explore as module
from capacity.report.explore import Explorer, explore
from capacity.study import Study

pytest.importorskip("ipywidgets", reason="ipywidgets is in the lab extra only")


@pytest.fixture(scope="module")
def study(storefront: Path) -> Study:
    """One export: few knobs, quickly computed."""
    return Study.load(storefront / "steps-1.json")


@pytest.fixture
def panel(study: Study) -> Explorer:
    """A panel nobody has touched."""
    panel = Explorer(study.what_if)
    assert panel.box
    return panel


def somebody(monkeypatch: pytest.MonkeyPatch, allow_stdin: bool) -> None:
    """Let the cell be sent by a front end with somebody before it, or by papermill."""
    kernel = SimpleNamespace(get_parent=lambda: {"content": {"allow_stdin": allow_stdin}})
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def test_a_front_end_gets_sliders(study: Study, monkeypatch: pytest.MonkeyPatch):
    """Where somebody can turn them there are sliders."""
    somebody(monkeypatch, allow_stdin=True)
    assert isinstance(explore(study), Explorer)


def test_papermill_gets_words(study: Study, monkeypatch: pytest.MonkeyPatch):
    """Where nobody can, the knobs are named in a sentence, and no widget is made."""
    somebody(monkeypatch, allow_stdin=False)
    shown = explore(study)
    assert isinstance(shown, Prose)
    assert "instances, retry budget, cache hit ratio, burstiness" in str(shown)


def test_plain_python_gets_words(study: Study, monkeypatch: pytest.MonkeyPatch):
    """Nor is there anybody without a kernel."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert isinstance(explore(study), Prose)


def test_without_ipywidgets_there_are_words(study: Study, monkeypatch: pytest.MonkeyPatch):
    """The library is optional."""
    somebody(monkeypatch, allow_stdin=True)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert isinstance(explore(study), Prose)


def test_missing_says_why(shared: Path):
    """Where no capacity is known the reason stands in the place of the panel."""
    missing = Study.load(shared / "field-exports" / "stress.json")
    assert str(explore(missing)) == missing.what_if.text


def test_sliders_start_at_the_plan(panel: Explorer, study: Study):
    """Each slider has the plan's value marked, and stands there."""
    assert panel.values == {knob.name: knob.plan for knob in study.what_if.knobs}
    assert all(s.options[s.index][0].endswith(" (plan)") for s in panel.sliders.values())
    assert "As planned." in panel.shown.value


def test_turning_redraws(panel: Explorer, study: Study):
    """A turned slider brings the sentence, the table and the figure of the package."""
    panel.sliders["instances"].value = 3
    change = study.what_if.at(instances=3)
    assert change.text.split(": ")[0] in panel.shown.value
    assert "<caption>What changes against the plan</caption>" in panel.shown.value
    assert 'src="data:image/svg+xml' in panel.shown.value
    assert str(panel) == change.text


def test_reset_brings_the_plan_back_at_once(panel: Explorer, monkeypatch: pytest.MonkeyPatch):
    """However many sliders were turned, the plan is drawn once."""
    panel.sliders["instances"].value = 4
    panel.sliders["hit_ratio"].value = 0.5
    drawn = []
    panel.shown.observe(lambda change: drawn.append(change.new), "value")
    panel.button.click()
    assert len(drawn) == 1
    assert "As planned." in panel.shown.value
    panel.sliders["instances"].value = 2
    assert "2 instances instead of 1" in panel.shown.value


def test_what_cannot_be_is_told(study: Study):
    """Where a formula does not hold the panel says why, in place of a number."""
    panel = Explorer(study.what_if)
    panel.sliders["retry_budget"].options = [("10%", 0.1), ("200 times", 200.0)]
    panel.sliders["retry_budget"].value = 200.0
    assert panel.shown.value == "<p>retry budget 200; allowed, as in a plan: 0 to below 1 of the requests</p>"
    assert "<table" not in panel.shown.value


def test_absent_knobs_have_their_reason(panel: Explorer):
    """What this export has nothing to turn for is named below the sliders."""
    words = [child.value for child in panel.box.children[0].children[-2:]]
    assert any("demand: the plan has no [demand]" in said for said in words)
    assert any("P95 objective: the plan has no p95_ms" in said for said in words)


def test_shown_as_a_widget(panel: Explorer):
    """A notebook shows the widget, and says the sentence where it cannot."""
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == str(panel)
