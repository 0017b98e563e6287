"""The portfolio example of the levers, section 7, through the public roadmap; and what it refuses."""

from itertools import combinations, permutations

import numpy as np
import pytest

from capacity.errors import DomainError, UsageError
from capacity.planning.portfolio.roadmap import Roadmap

HOURS = {"pooling": 6, "retries": 6, "bg": 8, "APM": 6, "rl": 8, "tracing": 8, "caching": 10}
ASSESSMENT = ["pooling", "retries", "bg", "APM", "rl", "tracing", "caching"]


def loss(done: frozenset[str]) -> float:
    """Downtime at 100 $ a minute, as section 7 defines it. [$ per year]"""
    deploy = 60 if "bg" in done else 800
    relief = {0: 1.0, 1: 0.8, 2: 0.3}[("caching" in done) + ("pooling" in done)]
    overload = 6 * (4 if {"retries", "rl"} & done else 60) * relief
    exhaustion = 0 if "pooling" in done else 120
    detect = 10 * (0.3 if "APM" in done else 1)
    diagnose = 45 * (0.5 if "APM" in done else 1) * (0.6 if "tracing" in done else 1)
    return 100 * (deploy + overload + exhaustion + 12 * (detect + 15 + diagnose + 20))


@pytest.fixture(scope="module")
def example() -> Roadmap:
    """Seven pieces of work; tracing needs APM."""
    return Roadmap(HOURS, loss, {"tracing": ["APM"]})


def test_columns(example: Roadmap) -> None:
    """Stand-alone, last-in and Shapley values as printed; the shares sum to 167,480."""
    assert list(example.stand_alone.values()) == pytest.approx(
        [19_200, 33_600, 74_000, 35_400, 33_600, 21_600, 7_200]
    )
    assert list(example.last_in.values()) == pytest.approx(
        [13_200, 0, 74_000, 24_600, 0, 10_800, 1_200], abs=1e-9
    )
    assert list(example.shapley.values()) == pytest.approx(
        [15_920, 13_720, 74_000, 30_000, 13_720, 16_200, 3_920]
    )
    assert sum(example.shapley.values()) == pytest.approx(167_480)
    assert example.saving(HOURS) == pytest.approx(167_480)


def test_orders(example: Roadmap) -> None:
    """Optimal, stand-alone per hour, the assessment's and the worst, at their cost of delay."""
    best = example.best_order()
    assert best.items == ("bg", "APM", "retries", "pooling", "tracing", "caching", "rl")
    assert best.method == "exact"
    assert best.cost_of_delay == pytest.approx(2916.88, abs=0.005)
    assert example.order_by_stand_alone().cost_of_delay == pytest.approx(3011.04, abs=0.005)
    assert example.order_of(ASSESSMENT).cost_of_delay == pytest.approx(3325.58, abs=0.005)
    assert example.order_in_mind() == example.order_of(ASSESSMENT)
    assert example.worst_order().cost_of_delay == pytest.approx(4861.77, abs=0.005)


def test_budget(example: Roadmap) -> None:
    """Within 30 hours 155,480 jointly; adding up claims 176,600 for a set that is worth 143,000."""
    joint = example.best_within(30)
    assert set(joint.items) == {"pooling", "retries", "bg", "APM"}
    assert (joint.saving, joint.hours, joint.method) == (pytest.approx(155_480), 26, "exact")
    added = example.additive().best_within(30)
    assert set(added.items) == {"retries", "bg", "APM", "rl"}
    assert added.saving == pytest.approx(176_600)
    assert example.saving(added.items) == pytest.approx(143_000)


def test_a_budget_that_affords_nothing(example: Roadmap) -> None:
    """Nothing fits, and the text says what the shortest work takes."""
    nothing = example.best_within(4)
    assert nothing.items == ()
    assert nothing.text == "Within 4 hours no work saves anything: the shortest piece takes 6."


def test_texts(example: Roadmap) -> None:
    """The order, its price against the one given, and the tables."""
    assert example.text.endswith("In the order given 3,326 would be lost, 409 more.")
    assert str(example.worst_order()).startswith("The most expensive order: caching, rl")
    assert example.to_frame()["lever"].tolist()[0] == "bg"
    for shown in (example, example.best_order(), example.best_within(30)):
        assert "<table" in shown._repr_html_()


def test_a_loss_is_asked_once_for_each_set() -> None:
    """However many answers are wanted."""
    asked: list[frozenset[str]] = []

    def counted(done: frozenset[str]) -> float:
        asked.append(done)
        return loss(done)

    work = Roadmap(HOURS, counted, {"tracing": ["APM"]})
    work.best_order(), work.worst_order(), work.best_within(30), work.shapley, work.order_by_stand_alone()
    assert len(asked) == len(set(asked)) == 128


def test_values_by_set_are_the_same_as_a_function(example: Roadmap) -> None:
    """Bit i of the index stands for the i-th item."""
    names = list(HOURS)
    table = np.array(
        [loss(frozenset(n for i, n in enumerate(names) if done >> i & 1)) for done in range(128)]
    )
    work = Roadmap(HOURS, table, {"tracing": ["APM"]})
    assert work.best_order() == example.best_order()
    assert work.best_within(30) == example.best_within(30)


def test_some_of_the_work_and_the_rest(example: Roadmap) -> None:
    """A part is ordered by itself, the rest as after that part."""
    chosen = example.best_within(30).items
    assert example.only(chosen).best_order().items == ("bg", "APM", "retries", "pooling")
    rest = example.after(chosen)
    assert rest.best_order().items == ("tracing", "caching", "rl")
    assert rest.stand_alone["rl"] == pytest.approx(0)


def test_over_some_years_hours_count(example: Roadmap) -> None:
    """At 5,000 $ an hour over one year only what saves that much an hour is worth it."""
    assert example.over(1, 5_000).best_within(1000).items == ("retries", "bg", "APM")
    assert set(example.over(1, 0).best_within(1000).items) == set(HOURS) - {"rl"}


def test_many_items_are_greedy_and_say_so() -> None:
    """Beyond 18 items nothing is proved best."""
    work = Roadmap({f"w{i}": 1 + i % 3 for i in range(20)}, lambda done: 100 - len(done))
    assert work.best_order().method == "greedy"
    assert "greedy" in work.best_order().text
    assert work.best_within(5).method == "greedy"
    assert "not proved best" in work.best_within(5).text
    assert np.isnan(list(work.shapley.values())).all()
    assert work.over(1, 0.1).best_within(5).items == work.best_within(5).items
    with pytest.raises(DomainError, match="20 items; the worst order is known for up to 18"):
        work.worst_order()


def test_no_work() -> None:
    """A roadmap of nothing has an empty order and saves nothing."""
    work = Roadmap({}, lambda done: 5.0)
    assert work.best_order().items == ()
    assert work.best_order().text == "There is nothing to be done."
    assert work.best_within(10).items == ()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"hours": {"a": 0}}, DomainError, "hours of a = 0; allowed: a finite number above 0"),
        ({"hours": {"a": float("nan")}}, DomainError, "hours of a = nan"),
        ({"hours_per_year": -1}, DomainError, "hours of a year of the team = -1"),
        ({"requires": {"a": ["z"]}}, UsageError, "unknown work 'z'; allowed: a, b"),
        ({"requires": {"a": ["b"], "b": ["a"]}}, UsageError, "a, b require each other in a circle"),
        ({"requires": {"a": ["a"]}}, UsageError, "a require each other in a circle"),
        ({"loss": np.zeros(3)}, DomainError, r"losses of shape \(3,\) for 2 items; give 4, one a set"),
    ],
)
def test_impossible_work_is_refused(changes: dict, error: type[Exception], message: str) -> None:
    """The message names the work, what came and what is allowed."""
    given = {"hours": {"a": 1, "b": 2}, "loss": lambda done: 1.0} | changes
    with pytest.raises(error, match=message):
        Roadmap(**given)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (["a", "b"], "a comes before b, which it requires; change the order"),
        (["b"], "order b; allowed: each of a, b once"),
        (["b", "a", "a"], "order b, a, a; allowed: each of a, b once"),
        (["b", "x"], "unknown work 'x'; allowed: a, b"),
    ],
)
def test_impossible_orders_are_refused(order: list[str], message: str) -> None:
    """Each item once, after what it requires."""
    with pytest.raises(UsageError, match=message):
        Roadmap({"a": 1, "b": 2}, lambda done: 1.0, {"a": ["b"]}).order_of(order)


def test_other_impossible_questions_are_refused() -> None:
    """Negative budgets, parts without what they require, losses that are no numbers."""
    work = Roadmap({"a": 1, "b": 2}, lambda done: 1.0, {"a": ["b"]})
    with pytest.raises(DomainError, match=r"a budget of -1 hours; allowed: 0 or more"):
        work.best_within(-1)
    with pytest.raises(UsageError, match="a without b, which it requires; keep both or neither"):
        work.only(["a"])
    with pytest.raises(DomainError, match="the loss with a, b done is inf; allowed: a finite number"):
        Roadmap({"a": 1, "b": 2}, lambda done: np.inf if len(done) == 2 else 1.0).best_order()


@pytest.mark.parametrize("seed", range(4))
def test_other_roadmaps_by_brute_force(seed: int) -> None:
    """Five pieces of work, any precedence, any losses: order and set are the best of all that are allowed."""
    rng = np.random.default_rng(seed)
    names = [f"w{i}" for i in rng.permutation(5)]
    requires = {name: [other for other in names[:i] if rng.random() < 0.3] for i, name in enumerate(names)}
    losses = {frozenset(s): rng.uniform(0, 100) for n in range(6) for s in combinations(sorted(names), n)}
    work = Roadmap({name: rng.uniform(1, 9) for name in sorted(names)}, losses.__getitem__, requires, 1000)

    def kept(order: tuple[str, ...]) -> bool:
        return all(set(requires[name]) <= set(order[:i]) for i, name in enumerate(order))

    costs = [
        sum(work.hours[name] / 1000 * losses[frozenset(order[:i])] for i, name in enumerate(order))
        for order in permutations(names)
        if kept(order)
    ]
    assert work.best_order().cost_of_delay == pytest.approx(min(costs))
    assert work.worst_order().cost_of_delay == pytest.approx(max(costs))
    closed = [done for done in losses if all(set(requires[name]) <= done for name in done)]
    for budget in rng.uniform(0, 30, 5):
        fits = [losses[done] for done in closed if sum(work.hours[name] for name in done) <= budget]
        assert work.best_within(budget).saving == pytest.approx(losses[frozenset()] - min(fits))
