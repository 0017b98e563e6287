"""What a plan leads to, and the words for what changes."""

from dataclasses import replace

import pytest

from capacity.estimate import Estimate
from capacity.planning.what_if.knobs import Setting
from capacity.planning.what_if.outcome import Change, Outcome


def rate(value: float) -> Estimate:
    """A rate known within a tenth."""
    return Estimate(value, 0.9 * value, 1.1 * value, "req/s", "made up", "assumed")


PLAN = Outcome(
    Setting(instances=2, retry_budget=0.1, dispersion=1.0, demand=1.0),
    promised=rate(200.0),
    peak=rate(250.0),
    chance=0.93,
    fewest=3,
    lasts=Estimate.between(10.0, 20.0, unit="days", method="", provenance="assumed"),
    missing={"rent": "the plan has no [cost]"},
)


def changed(**fields: object) -> Change:
    """The plan with a third instance, and what else is said of it."""
    setting = PLAN.setting.changed(instances=3)
    return Change(PLAN, replace(PLAN, setting=setting, **fields))


def difference(change: Change, title: str) -> str:
    """The last cell of a row."""
    frame = change.to_frame().set_index("quantity")
    return next(row["change"] for name, row in frame.iterrows() if title in name)


def test_only_what_changes_is_said():
    """The sentence has what was turned and what differs, the decision first."""
    change = changed(chance=0.0005, promised=rate(400.0))
    assert change.text == (
        "With 3 instances instead of 2: chance of missing 93.0% → below 0.1%; promised load 200 req/s → 400 req/s."
    )


def test_nothing_changes():
    """Where no number moves that is said."""
    assert changed().text == "With 3 instances instead of 2: nothing changes."
    assert set(changed().to_frame()["change"]) == {"none", "–"}


@pytest.mark.parametrize(
    ("fields", "title", "words"),
    [
        ({"promised": rate(300.0)}, "promised", "+50%"),
        ({"promised": rate(199.0 - 0.5)}, "promised", "−0.8%"),
        ({"chance": 0.5}, "chance", "−43.0 points"),
        ({"fewest": 4}, "fewest", "1 instance more"),
        ({"fewest": 1}, "fewest", "2 instances fewer"),
        ({"fewest": None}, "fewest", "see both"),
        ({"promised": None}, "promised", "not known now"),
        ({"lasts": Estimate.at_least(180.0, unit="days", method="", provenance="assumed")}, "time", "longer"),
    ],
)
def test_differences_are_told(fields: dict[str, object], title: str, words: str):
    """Each kind of quantity has its kind of difference."""
    assert difference(changed(**fields), title) == words


def test_more_instances_are_needed():
    """A decision that changes is told with both numbers."""
    assert "1 instance more needed (3 → 4)" in changed(fewest=4).effects


def test_no_fleet_is_enough():
    """None is not the same as not known, and says what would be needed."""
    change = changed(fewest=None, needed="No fleet is enough.")
    assert change.now.told("fewest") == "none"
    assert "instances needed 3 → none" in change.text
    assert change.text.endswith("No fleet is enough.")


def test_unknown_has_its_reason_once():
    """What is not known any more gives one reason for all that hangs on it."""
    why = "no load keeps the objective"
    change = changed(
        promised=None,
        chance=None,
        fewest=None,
        missing={**PLAN.missing, **dict.fromkeys(("promised", "chance"), why)},
    )
    assert change.text.count(why) == 1
    assert "Not known: promised load, chance of missing: no load keeps the objective." in change.text
    assert "[cost]" not in change.text
    assert "[cost]" in PLAN.text
