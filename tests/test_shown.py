"""How results show themselves in a notebook and in a terminal."""

import functools
import html
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import capacity as cap
from capacity.shown import Shown

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e\n&\"'"


@dataclass(frozen=True)
class Wait(Shown):
    """How long requests wait.

    Parameters
    ----------
    load : float
        Offered. [req/s]
    mean : float
        Of all. [s]
    servers, busy : float
        How many, and how much. [servers], [fraction]
    price : float
        Of one server. [money per month]
    name : str
        Of the queue.
    path : ndarray
        Of each request. [s]
    """

    load: float = 250.0
    mean: float = 0.0107
    servers: float = 8
    busy: float = 0.8333
    price: float = 50.0
    name: str = "queue"
    path: object = None

    @property
    def longest(self) -> float:
        """Longest of all [s]."""
        return 12.5

    @property
    def undefined(self) -> float:
        """What has no answer here [s]."""
        raise cap.DomainError("no answer")


def rows(shown: Shown) -> dict[str, str]:
    """Quantity and value as a notebook shows them."""
    found = re.findall(r"<th[^>]*>([^<]*)</th><td[^>]*>(.*?)</td>", shown._repr_html_())
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_the_unit_is_the_one_of_the_docstring() -> None:
    """Seconds below ten are told in milliseconds, shares in percent; money has no unit of its own."""
    found = rows(Wait())
    assert found["load"] == "250 req/s"
    assert found["mean"] == "10.7 ms"
    assert found["busy"] == "83.3%"
    assert found["price"] == "50"
    assert found["longest"] == "12.5 s"


def test_a_unit_that_the_name_says_is_not_repeated() -> None:
    """Eight servers, not 8 servers servers."""
    assert rows(Wait())["servers"] == "8"


def test_what_is_not_defined_is_left_out() -> None:
    """An answer that is refused does not keep the others from being shown."""
    assert "undefined" not in rows(Wait())
    heavy = cap.MG1PS(arrival_rate=10, service=cap.distributions.Pareto(0.01, 2.5))
    assert rows(heavy)["utilization"] == "10.0%"


def test_of_many_numbers_the_range_is_told() -> None:
    """A path of a thousand requests takes a line."""
    assert rows(Wait(path=np.linspace(0.001, 0.5, 1000)))["path"] == "1,000 values, 1 ms to 500 ms"
    assert rows(Wait(path=np.array([0.001, 0.5])))["path"] == "1 ms, 500 ms"
    assert rows(Wait(path=((1.0, 2.0), (3.0,))))["path"] == "2"


def test_a_terminal_gets_a_line() -> None:
    """The same quantities, after the name of the class."""
    assert str(Wait()).startswith(
        "Wait: load 250 req/s, mean 10.7 ms, servers 8, busy 83.3%, price 50, name queue"
    )


def test_a_station_shows_what_is_asked_of_it() -> None:
    """Utilization, response time and its quantiles, with units."""
    found = rows(cap.MMc(arrival_rate=250, service_rate=37.5, servers=8))
    assert found["utilization"] == "83.3%"
    assert found["response time"] == "37.3 ms"
    assert found["response time P95"] == "100 ms"
    assert found["concurrency"] == "9.33 requests"


def sample() -> list[object]:
    """One of each kind of thing that is made without a study."""
    stations = (cap.parts.Station("database", servers=8, work=0.012),)
    shop = cap.networks.ClosedNetwork.single([0.005, 0.030], population=50, think_time=1.0)
    simulated = cap.simulation.Queue(cap.simulation.Poisson(25), cap.distributions.Exponential(0.02))
    fit = cap.Amdahl.fit([1, 2, 4], [300, 570, 1030])
    clients = cap.overload.TimeoutRetries(60, service_rate=100, servers=1, timeout=0.1, max_attempts=3)
    return [
        cap.MMc(250, 37.5, 8), cap.MM1(125, 500), cap.MMcK(500, 300, 1, 10), cap.ErlangA(48, 1, 50, 0.5),
        cap.FiniteSource(10, 10, 1, 1), cap.MG1(10, cap.distributions.Lognormal(0.01, 2)), cap.Usl(300, 0.03, 0.001),
        cap.PriorityMMc([100, 200], 37.5, 12), cap.LognormalDemand(300, 0.2), fit,
        fit.predict(8), fit.curve, fit.points, cap.Policy(), cap.Slo({0.95: 0.18}), cap.laws.quantile_ranks(99, 0.9),
        cap.System(stations=stations), cap.evaluate(cap.System(stations=stations)), stations[0],
        shop, cap.networks.solve(shop), cap.networks.curve(shop), simulated, simulated.simulate(5_000, seed=1),
        clients, clients.operating_point, cap.overload.Metastability(250, 300, 100).run(),
        cap.Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured"),
    ]  # fmt: skip


def check(shown: object) -> None:
    """Refuse what a reader could not read."""
    page = shown._repr_html_()
    assert re.search(r"<(table|p)\b.*\d", page, re.DOTALL), type(shown)
    text = str(shown)
    assert text, type(shown)
    assert not re.search(r" object at 0x|array\(|^\w+\(\w+=", text), text[:200]


def test_what_is_made_directly_shows_itself() -> None:
    """A table or a paragraph with numbers, and words in a terminal."""
    for made in sample():
        check(made)


SLOW = {"assumptions", "promises", "second_opinion", "what_if"}  # each shown in tests of its own


def test_every_part_of_a_study_shows_itself(repository: Path) -> None:
    """Its properties, whatever they hold, and parts of them."""
    study = cap.Study.load(repository / "data/storefront/plan.toml")
    kinds = (property, functools.cached_property)
    names = [name for name, value in inspect.getmembers_static(cap.Study) if isinstance(value, kinds)]
    values = [getattr(study, name) for name in names if not name.startswith("_") and name not in SLOW]
    ours = [value for value in values if type(value).__module__.startswith("capacity.")]
    assert len(ours) > 20
    for value in [*ours, study.plan, study.tests["steps"], study.steps["steps"][0], study.verdict.failed[0]]:
        if not isinstance(value, cap.Missing):
            check(value)
    assert "names no earlier plan.json" in study.ledger._repr_html_()


@pytest.mark.parametrize(
    "made",
    [
        cap.overload.Tier(HOSTILE, 100, 0.02),
        cap.parts.Station(HOSTILE, servers=8, work=0.012),
        cap.Estimate(2.0, 1.0, 3.0, unit="req/s", method=HOSTILE, provenance="measured"),
        Wait(name=HOSTILE, path=[HOSTILE]),
        Wait(path={HOSTILE: HOSTILE}),
    ],
    ids=lambda made: type(made).__name__,
)
def test_hostile_names_are_shown_as_text(made: Shown) -> None:
    """No tag comes through, and nothing that turns a line or colours a terminal."""
    page = made._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert not re.search("[\x1b\u202e]", page + str(made))


def test_a_result_may_name_its_table():
    """A caption of its own stands above the table; without one it is what the class is."""

    class Named(Wait):
        _caption = "Waits of today"

    assert "Waits of today" in Named()._repr_html_()
    assert "How long requests wait" in Wait()._repr_html_()
