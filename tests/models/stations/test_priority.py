"""Priorities: printed examples, the conservation law, stations without classes as limits, starving classes."""

import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Erlang, Exponential, Hyperexponential
from capacity.models.stations.priority import PriorityMG1, PriorityMMc
from capacity.models.stations.queueing import MMc
from capacity.models.stations.single_server import MG1

RATES = (0.3, 0.2, 0.1)
LAWS = (Exponential(1.0), Erlang(0.5, 3), Hyperexponential.balanced(2.0, 4))


def test_lots_of_a_workstation():
    """Hot lots 1/h before 9/h others, 12/h served: 9.545 and 32.27 minutes (after Prabhu 1981, table 4.4)."""
    station = PriorityMG1.of((1 / 60, 9 / 60), (Exponential(5.0), Exponential(5.0)))
    assert station.response_time(1) == pytest.approx(9.545, abs=6e-4)
    assert station.response_time(2) == pytest.approx(32.27, abs=6e-3)


# Recomputed elsewhere with mpmath.
def test_values_recomputed_elsewhere():
    """Both disciplines at one server, and several servers, to twelve digits."""
    given = RATES, (1.0, 0.5, 2.0), (2.0, 0.5, 8.0)
    waits = PriorityMG1(*given).response_times
    interrupts = PriorityMG1(*given, preemptive=True).response_times
    assert waits == pytest.approx((2.07142857142857, 2.28571428571429, 5.125), rel=1e-12)
    assert interrupts == pytest.approx((1.42857142857143, 1.54761904761905, 6.45833333333333), rel=1e-12)
    several = PriorityMMc((2.0, 3.0), 1.0, 6).waiting_times
    assert several == pytest.approx((0.146879112615153, 0.881274675690919), rel=1e-12)


def test_conservation_law():
    """Σ ρ_k W_k does not depend on the order of the classes (Kleinrock's conservation law)."""
    sums = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        rates, laws = [RATES[k] for k in order], [LAWS[k] for k in order]
        station = PriorityMG1.of(rates, laws)
        sums.append(
            sum(
                rate * law.mean * wait
                for rate, law, wait in zip(rates, laws, station.waiting_times, strict=True)
            )
        )
    left = sum(rate * law.mean**2 * (1 + law.scv) / 2 for rate, law in zip(RATES, LAWS, strict=True))
    load = sum(rate * law.mean for rate, law in zip(RATES, LAWS, strict=True))
    assert sums == pytest.approx([load * left / (1 - load)] * 3, rel=1e-12)


@pytest.mark.parametrize("preemptive", [False, True])
@pytest.mark.parametrize("servers", [1, 4, 60])
def test_all_classes_together_are_mmc(preemptive, servers):
    """With one exponential service for all, the mean over the classes is that of M/M/c, whoever goes first."""
    rates = (0.2 * servers, 0.3 * servers, 0.4 * servers)
    station, together = PriorityMMc(rates, 1.0, servers, preemptive), MMc(sum(rates), 1.0, servers)
    assert sum(station.queue_length(k) for k in (1, 2, 3)) == pytest.approx(together.queue_length, rel=1e-12)
    assert sum(station.concurrency(k) for k in (1, 2, 3)) == pytest.approx(together.concurrency, rel=1e-12)
    assert station.utilization == pytest.approx(together.utilization)


@pytest.mark.parametrize("preemptive", [False, True])
def test_one_class_is_a_station_without_classes(preemptive):
    """A single class is M/G/1, or M/M/c."""
    law = Erlang(0.7, 3)
    single = PriorityMG1.of([1.2], [law], preemptive)
    assert single.response_time(1) == pytest.approx(MG1(1.2, law).response_time, rel=1e-12)
    several = PriorityMMc((6.0,), 1.0, 8, preemptive)
    assert several.response_time(1) == pytest.approx(MMc(6.0, 1.0, 8).response_time, rel=1e-12)


@pytest.mark.parametrize("preemptive", [False, True])
def test_both_stations_agree_at_one_exponential_server(preemptive):
    """M/G/1 with one exponential law for all is M/M/c with one server."""
    one = PriorityMG1.of(RATES, [Exponential(1.0)] * 3, preemptive)
    other = PriorityMMc(RATES, 1.0, 1, preemptive)
    assert one.response_times == pytest.approx(other.response_times, rel=1e-12)


def test_the_first_class_interrupts_as_if_alone():
    """With preemption no later class is felt; without, each is."""
    alone = PriorityMG1.of(RATES[:1], LAWS[:1]).response_time(1)
    assert PriorityMG1.of(RATES, LAWS, preemptive=True).response_time(1) == pytest.approx(alone, rel=1e-12)
    assert PriorityMG1.of(RATES, LAWS).response_time(1) > 1.5 * alone
    crowd = PriorityMMc((2.0, 3.0), 1.0, 6, preemptive=True)
    assert crowd.response_time(1) == pytest.approx(MMc(2.0, 1.0, 6).response_time, rel=1e-12)


@pytest.mark.parametrize("preemptive", [False, True])
def test_classes_before_a_starving_one_are_answered(preemptive):
    """Their times do not jump where a later class begins to starve, nor change with how much it starves."""
    law = Constant(1.0), Exponential(1.0), Erlang(2.0, 2)
    almost = PriorityMG1.of((0.2, 0.3, (0.5 - 1e-10) / 2), law, preemptive)
    beyond, far = (PriorityMG1.of((0.2, 0.3, rate), law, preemptive) for rate in (0.25, 7.0))
    assert beyond.stable_classes == far.stable_classes == 2
    for number in (1, 2):
        assert beyond.response_time(number) == pytest.approx(almost.response_time(number), rel=1e-8)
        assert far.response_time(number) == pytest.approx(beyond.response_time(number), rel=1e-12)
    several = PriorityMMc((2.0, 3.0, 9.0), 1.0, 6, preemptive)
    edge = PriorityMMc((2.0, 3.0, 1.0 - 1e-9), 1.0, 6, preemptive)
    assert several.waiting_time(2) == pytest.approx(edge.waiting_time(2), rel=1e-7)


def test_a_class_that_is_never_served_is_not_felt():
    """A fourth class after the starving third changes nothing."""
    law = Constant(1.0), Exponential(1.0), Erlang(2.0, 2), Constant(50.0)
    third = PriorityMG1.of((0.2, 0.3, 0.4), law[:3]).response_time(2)
    assert PriorityMG1.of((0.2, 0.3, 0.4, 0.1), law).response_time(2) == pytest.approx(third, rel=1e-12)


def test_the_starving_class_is_refused_by_name():
    """Class 3 is named, with its utilization and the servers it needs."""
    station = PriorityMMc((2.0, 3.0, 9.0), 1.0, 6)
    with pytest.raises(
        Unstable, match=r"class 3, with those before it: .* use at least 15 servers"
    ) as refused:
        station.response_time(3)
    assert refused.value.utilization == pytest.approx(14 / 6)
    with pytest.raises(Unstable, match="class 3"):
        _ = station.response_times
    with pytest.raises(Unstable, match="class 2, with those before it"):
        PriorityMG1.of((0.5, 0.6), (Constant(1.0), Constant(1.0))).waiting_time(2)


@pytest.mark.parametrize("preemptive", [False, True])
def test_how_far_all_rates_may_grow(preemptive):
    """At the largest factor the class just keeps its SLO; an important class may go beyond the total's limit."""
    station = PriorityMG1.of((0.1, 0.2), (Exponential(1.0), Exponential(1.0)), preemptive)
    for number, slo in ((1, 2.5), (2, 8.0)):
        factor = station.max_scale(number, slo)
        grown = PriorityMG1.of((0.1 * factor, 0.2 * factor), (Exponential(1.0),) * 2, preemptive)
        assert grown.response_time(number) == pytest.approx(slo, rel=1e-9)
    assert station.max_scale(1, 2.5) > 1 / 0.3
    several = PriorityMMc((2.0, 3.0), 1.0, 6, preemptive)
    factor = several.max_scale(2, 1.9)
    assert PriorityMMc((2 * factor, 3 * factor), 1.0, 6, preemptive).response_time(2) == pytest.approx(1.9)


def test_refusals():
    """Classes that do not exist, or are not told in full, are refused with what is allowed."""
    with pytest.raises(DomainError, match="there is no class 3; give 1 to 2"):
        PriorityMMc((2.0, 3.0), 1.0, 6).response_time(3)
    with pytest.raises(DomainError, match="no class is given"):
        PriorityMMc((), 1.0, 6)
    with pytest.raises(DomainError, match="arrival rate of class 2 0 is not allowed"):
        PriorityMMc((2.0, 0.0), 1.0, 6)
    with pytest.raises(DomainError, match="2 arrival rates, 1 mean services and 2 second moments"):
        PriorityMG1((0.1, 0.2), (1.0,), (1.0, 1.0))
    with pytest.raises(DomainError, match=r"second moment 0\.5 of class 1 is below the square of its mean 1"):
        PriorityMG1((0.1,), (1.0,), (0.5,))
    with pytest.raises(DomainError, match="infeasible: the service time alone"):
        PriorityMMc((2.0, 3.0), 1.0, 6).max_scale(1, 0.9)
