"""Another method's answer beside ours."""

import builtins
import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest

from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.plan import Event
from capacity.planning.demand.demand import Demand, TrafficHistory, forecast, scenario
from capacity.planning.demand.second_opinion import SecondOpinion, second_opinion


def history(days: int = 182, *, shift: float = 0.0, noise: float = 0.06) -> TrafficHistory:
    """Growth, a week, noise, and a shift of the level after two fifths."""
    rng, day = np.random.default_rng(4), np.arange(days)
    logs = (
        5 + 0.001 * day - 0.3 * (day % 7 > 4) + noise * rng.standard_normal(days) + shift * (day > 0.4 * days)
    )
    index = pd.date_range("2026-01-05", periods=days, freq="D", tz="UTC")
    return TrafficHistory("made.csv", 86_400.0, pd.Series(np.exp(logs), index))


def ours(past: TrafficHistory, **changes: object) -> Demand:
    """Forecast of 90 days."""
    arguments = {"horizon_days": 90, "rng": np.random.default_rng(1)} | changes
    return forecast(past, **arguments)  # type: ignore[arg-type]


def asked(demand: Demand) -> SecondOpinion:
    """Second opinion with a fixed seed."""
    pytest.importorskip("statsmodels")
    return second_opinion(demand, rng=np.random.default_rng(2))


def test_steady_growth_agrees() -> None:
    """On traffic that both models describe the medians are within a tenth and the text says so."""
    found = asked(ours(history()))
    assert abs(found.difference) < 0.1
    assert found.agrees
    assert "agrees: it expects" in found.text


def test_a_lasting_shift_is_growth_for_neither() -> None:
    """A jump of the level is found by ours and walked by the other, so ours stays near what follows the jump."""
    found = asked(ours(history(shift=0.5)))
    expected = float(history(shift=0.5).rates.iloc[-28:].max())
    assert expected < found.ours.value < 1.3 * expected
    assert found.peak.low < 1.2 * expected < found.peak.high


def test_a_level_that_wanders_parts_them() -> None:
    """Traffic that walks at random for good is foretold less surely by the model that knows of such walks."""
    walk = np.cumsum(0.05 * np.random.default_rng(11).standard_normal(182))
    past = history()
    wandering = TrafficHistory(past.name, past.step, past.rates * np.exp(walk))
    found = asked(ours(wandering))
    assert found.peak.high / found.peak.low > found.ours.high / found.ours.low


def test_same_seed_same_answer() -> None:
    """Nothing but the generator decides the draws."""
    demand = ours(history())
    assert asked(demand).peak == asked(demand).peak


def test_it_is_quick() -> None:
    """A year ahead from a year takes seconds, after the library is loaded."""
    demand = ours(history(365), horizon_days=365)
    asked(demand)
    began = time.process_time()
    asked(demand)
    assert time.process_time() - began < 3


def test_events_and_stated_growth_are_treated_as_told() -> None:
    """An event multiplies its paths, too; growth of the plan does not, and the text says so."""
    event = Event(name="sale", date=dt.date(2026, 8, 3), multiplier=(3.0, 3.0, 3.0))
    plain, busy = asked(ours(history())), asked(ours(history(), events=[event]))
    assert busy.peak.value > 2 * plain.peak.value
    assert busy.peak.provenance == "assumed"
    assert "not from the plan" in asked(ours(history(), growth_per_month=(0.0, 0.02, 0.5))).text


def test_missing_days_are_allowed() -> None:
    """The Kalman filter steps over them."""
    past = history()
    thinned = TrafficHistory(past.name, past.step, past.rates.drop(past.rates.index[[20, 60, 61]]))
    assert asked(ours(thinned)).agrees


def test_without_a_history_it_is_refused() -> None:
    """A scenario has nothing a second model could be fitted to."""
    now = Estimate.exactly(100.0, unit="req/s", method="given", provenance="config")
    made = scenario(
        now,
        starts=dt.date(2026, 1, 1),
        horizon_days=30,
        growth_per_month=(0, 0, 0.1),
        rng=np.random.default_rng(1),
    )
    with pytest.raises(NotIdentified, match="needs a traffic history"):
        second_opinion(made, rng=np.random.default_rng(1))


def test_a_history_without_noise_is_refused() -> None:
    """All peaks the same leave nothing to fit."""
    flat = TrafficHistory("flat.csv", 86_400.0, history(60, noise=0).rates * 0 + 7.0)
    with pytest.raises(NotIdentified, match="no noise to fit"):
        asked(ours(flat, horizon_days=30))


def test_without_statsmodels_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names what to install."""
    load = builtins.__import__

    def refuse(name: str, *rest: object, **more: object) -> object:
        if name.startswith("statsmodels"):
            raise ImportError(name)
        return load(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(NotIdentified, match=r"pip install 'capacity\[forecast\]'"):
        second_opinion(ours(history()), rng=np.random.default_rng(1))


def test_overlap_decides() -> None:
    """Intervals that touch by less than half of the narrower one do not agree, and the advice is to take care."""
    low = Estimate(100.0, 90.0, 110.0, unit="req/s", method="a", provenance="measured")
    high = Estimate(130.0, 108.0, 150.0, unit="req/s", method="b", provenance="measured")
    apart = SecondOpinion(high, low, 90)
    assert 0 < apart.overlap < 0.2
    assert not apart.agrees
    assert apart.difference == pytest.approx(0.3)
    assert "does not agree" in apart.text
    assert "Plan with the higher of the two" in apart.text
    assert "30% higher in the middle" in apart.text
    assert SecondOpinion(low, low, 90).overlap == 1.0
    assert "within 1% of it in the middle" in SecondOpinion(low, low, 90).text
    assert "<table" in apart._repr_html_()
