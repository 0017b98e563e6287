"""What to measure next."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.planning.portfolio.information import Information, value_of_information


@pytest.fixture(scope="module")
def known() -> Information:
    """Levers, section 7: stay or add a replica, with demand and capacity uncertain and an idle input."""
    rng = np.random.default_rng(1)
    demand, capacity = 240 * np.exp(0.2 * rng.standard_normal(100_000)), rng.normal(300, 30, 100_000)
    stay, add = (720 * np.maximum(demand - factor * capacity, 0) for factor in (1, 1.94))
    inputs = {
        "idle": rng.uniform(size=100_000),
        "capacity": capacity,
        "demand": demand,
        "rent": np.full(100_000, 6e3),
    }
    return value_of_information(
        np.column_stack([stay, add + 6000]), inputs, actions=["stay", "add"], unit="USD"
    )


def test_section_7(known: Information) -> None:
    """Staying is chosen; knowing demand is worth about 2800, capacity 950, both 3456, the idle input nothing."""
    assert known.chosen == "stay"
    assert known.everything == pytest.approx(3456, rel=0.04)
    assert known.worth_knowing("demand") == pytest.approx(2800, rel=0.06)
    assert known.worth_knowing("capacity") == pytest.approx(950, rel=0.08)
    assert known.worth_knowing("idle") == pytest.approx(0, abs=5)


def test_order_and_table(known: Information) -> None:
    """What is worth knowing most first; what is certain is no row."""
    frame = known.to_frame()
    assert frame["input"].tolist()[:2] == ["demand", "capacity"]
    assert set(frame["input"]) == {"demand", "capacity", "idle"}
    demand = frame.iloc[0]
    assert demand["at_high"] > demand["at_low"]
    assert 0.5 < demand["variance_share"] < 1


def test_text(known: Information) -> None:
    """The sentence names the inputs with their worth, and that a measurement is worth less."""
    assert known.text.startswith("Measure next: demand, worth up to USD 2,")
    assert "; capacity, worth up to USD 9" in known.text
    assert "idle" not in known.text
    assert "<table" in known._repr_html_()


def test_nothing_to_learn() -> None:
    """Where one action is best in every world, or nothing is uncertain, the text says so."""
    x = np.random.default_rng(2).uniform(size=500)
    sure = value_of_information(np.column_stack([x, x + 1]), {"x": x})
    assert sure.everything == pytest.approx(0, abs=1e-12)
    assert sure.text.startswith(
        "No single input, known exactly, would change the choice; the result depends most on x"
    )
    certain = value_of_information(np.zeros((500, 2)), {"x": np.ones(500)})
    assert certain.text == "Nothing stated is uncertain, so nothing is worth measuring first."


def test_too_few_worlds_say_nothing() -> None:
    """Below 100 worlds no input is ranked, and the text says why."""
    few = value_of_information(np.random.default_rng(1).uniform(size=(50, 2)), {"x": np.arange(50.0)})
    assert few.influences == ()
    assert few.text == "50 worlds are too few to say what is worth measuring; at least 100 are needed."


def test_another_result_may_be_explained() -> None:
    """Swings are of the result given, the worth of the losses."""
    x, y = np.random.default_rng(3).uniform(size=(2, 2000))
    found = value_of_information(np.column_stack([x, 1 - x]), {"x": x, "y": y}, result=5 * y)
    widths = {item.name: abs(item.at_high - item.at_low) for item in found.influences}
    assert widths == pytest.approx({"x": 0, "y": 4.5}, abs=0.4)
    assert found.influences[0].name == "x"


def test_held_inputs_are_asked() -> None:
    """Where an input can be held its swing is what is answered, else what the worlds show."""
    x, y = np.random.default_rng(4).uniform(size=(2, 2000))

    def held(name: str, value: float) -> float:
        return 100 * value if name == "x" else float("nan")

    found = value_of_information(np.column_stack([x + y, x]), {"x": x, "y": y}, result=x + y, held=held)
    widths = {item.name: abs(item.at_high - item.at_low) for item in found.influences}
    assert widths["x"] == pytest.approx(90, rel=0.02)
    assert widths["y"] == pytest.approx(0.9, abs=0.15)


def test_what_does_not_fit_is_refused(known: Information) -> None:
    """Names for each action, inputs that exist."""
    with pytest.raises(DomainError, match="1 names for 2 actions; give one for each column"):
        value_of_information(np.zeros((200, 2)), {}, actions=["one"])
    with pytest.raises(DomainError, match="no uncertain input 'rent'; allowed: demand, capacity, idle"):
        known.worth_knowing("rent")


def test_a_result_that_never_moves_depends_on_nothing() -> None:
    """Nothing to choose and nothing that varies: no input is named as what matters most."""
    rng = np.random.default_rng(1)
    known = value_of_information(np.zeros((500, 1)), {"x": rng.random(500)})
    assert known.text == "No single input, known exactly, would change the choice."
