"""Response times of fleets."""

import math
from pathlib import Path

import pytest

import capacity as cap
from capacity.errors import DomainError
from capacity.evidence.service import Service
from capacity.models.distributions import Exponential
from capacity.models.scalability import Amdahl, Linear
from capacity.models.simulation import Clients, Network, Node, Poisson
from capacity.planning.fleet.response import FleetResponse, at_load

WITHIN = 0.15  # of a measured P95


def run_on(storefront: Path, instances: int):
    """Run, steps and limits of the recorded staircase on a number of instances."""
    test = cap.read(storefront / f"steps-{instances}.json")
    steps = cap.find_steps(test, cap.read_script(storefront / f"steps-{instances}.yml"))
    return test, steps, cap.find_limits([test], steps, cap.Slo({0.95: 0.25}))


@pytest.fixture(scope="module")
def service(storefront: Path) -> Service:
    """Calibrated on one instance."""
    test, steps, limits = run_on(storefront, 1)
    return cap.calibrate([test], steps, limits)


def test_one_instance_is_the_service(service: Service):
    """Without more instances nothing changes."""
    assert (
        FleetResponse(service, Linear(300.0), 1).predict(200, 0.95).value == service.predict(200, 0.95).value
    )


def test_without_contention_only_the_load_is_shared(service: Service):
    """Three instances at three times the load answer as one."""
    assert FleetResponse(service, Linear(300.0), 3).predict(600, 0.95).value == pytest.approx(
        service.predict(200, 0.95).value
    )


def test_contention_slows_every_request(service: Service):
    """At low load the time grows by what the law takes from the throughput."""
    law = Amdahl(300.0, 0.05)
    found = FleetResponse(service, law, 4).predict(40, 0.95).value
    assert found == pytest.approx(service.predict(40 / 4 * 1.15, 0.95).value * 1.15, rel=1e-9)


def test_instances_tested_are_the_unit(service: Service):
    """Calibrated on two, four instances carry twice as much on a linear law."""
    fleet = FleetResponse(service, Linear(300.0), 4, tested=2)
    assert fleet.saturation_throughput.value == pytest.approx(2 * service.saturation_throughput.value)


@pytest.mark.parametrize("instances", [2, 4])
def test_fleets_that_were_not_calibrated_are_predicted(storefront: Path, service: Service, instances: int):
    """P95 of the recorded runs on two and four instances, up to utilization .85: the median within 15%."""
    _, steps, limits = run_on(storefront, instances)
    saturation = {n: run_on(storefront, n)[2].saturation_throughput.value for n in (1, 2)}
    contention = 2 * saturation[1] / saturation[2] - 1
    fleet = FleetResponse(service, Amdahl(saturation[1], contention), instances)
    assert fleet.saturation_throughput.value == pytest.approx(limits.saturation_throughput.value, rel=0.05)
    held = [s for s in steps if s.kind == "plateau" and s.offered < 0.87 * limits.saturation_throughput.value]
    errors = sorted(
        abs(math.log(fleet.predict(s.offered, 0.95).value / s.quantiles[0.95].value)) for s in held
    )
    assert len(errors) >= 4
    assert errors[len(errors) // 2] < WITHIN


def test_beyond_saturation_nothing_is_predicted(service: Service):
    """Refused by the fleet, left empty in the table."""
    with pytest.raises(DomainError, match="no steady state at 900 req/s on 2 instances"):
        FleetResponse(service, Linear(300.0), 2).predict(900, 0.95)
    found = at_load(service, Linear(300.0), [2, 4], 900.0)
    frame = found.to_frame()
    assert found.text.startswith("At 900 req/s 95% of the requests would be answered by 4 instances within")
    assert frame["p95"].isna().tolist() == [True, False]
    assert frame["utilization"].iloc[0] > 1
    overrun = at_load(service, Linear(300.0), [1, 2], 900.0).text
    assert overrun == "At 900 req/s the queue of each of these fleets would grow without end."


def waits(service: Service, balancer: str, dispersion: float = 1.0) -> float:
    """Mean response time of four instances at utilization .8."""
    fleet = FleetResponse(service, Linear(300.0), 4, balancer=balancer, dispersion=dispersion)
    return fleet.predict(0.8 * fleet.saturation_throughput.value).value


def test_balancers_that_know_more_make_requests_wait_less(service: Service):
    """At random is worst, in turn better, to the least busy best (levers L4: 4.95, 2.82, 1.19 to .987)."""
    assert waits(service, "random") > waits(service, "round-robin") > waits(service, "least-connections")


def test_irregular_arrivals_wait_longer_behind_any_balancer(service: Service):
    """With an index of dispersion of 3 every balancer has longer waits."""
    for balancer in ("random", "round-robin", "least-connections"):
        assert waits(service, balancer, dispersion=3.0) > waits(service, balancer)


def test_an_unknown_balancer_is_refused(service: Service):
    """The message names those that are known."""
    with pytest.raises(DomainError, match="random, round-robin, least-connections"):
        FleetResponse(service, Linear(300.0), 2, balancer="magic")


def test_the_shortest_queue_is_nearly_one_queue():
    """Four instances of four workers at utilization .83: simulated, requests wait a tenth longer than in one queue."""
    node = Node("app", Exponential(1.0), replicas=4, servers=4, balancer="shortest_queue")
    seen = Network((node,), Clients(Poisson(16 * 0.833))).simulate(requests=100_000, seed=3)
    pooled = cap.MMc(16 * 0.833, 1.0, 16).response_time
    assert pooled < seen.response_time < 1.05 * pooled
