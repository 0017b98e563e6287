"""Networks as events against closed forms written here, against known tables, and against themselves."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.distributions import Constant, Empirical, Erlang, Exponential
from capacity.models.simulation.arrivals import Even, Poisson, Trace, Varying
from capacity.models.simulation.clients import Backoff, Breaker, Clients, RateLimit, RetryBudget, Users
from capacity.models.simulation.network import Network
from capacity.models.simulation.system import Cache, Deployment, Failures, Node, Scaling, Slowdown


def one(servers=1, mean=1.0, rate=0.8, *, clients=None, **node):
    """Return a network of one station with exponential service and Poisson arrivals."""
    return Network((Node("app", Exponential(mean), servers, **node),), clients or Clients(Poisson(rate)))


def holds(estimate, value):
    """Say whether an interval holds a value."""
    return estimate.low <= value <= estimate.high


def erlang_c(servers, load):
    """Chance of waiting in M/M/c, by the sum of its definition."""
    below = sum(load**k / math.factorial(k) for k in range(servers))
    top = load**servers / math.factorial(servers) * servers / (servers - load)
    return top / (below + top)


def shares_of_birth_death(up, down, size):
    """Return the shares of time of a birth-death chain with rates up(n) and down(n)."""
    weights = np.cumprod([1.0] + [up(n) / down(n + 1) for n in range(size)])
    return weights / weights.sum()


class TestAgainstClosedForms:
    """Means agree with what theory says, written here without the package's formulas."""

    def test_mmc(self):
        """The mean wait and the P99 of M/M/4 lie in their intervals."""
        run = one(4, rate=3.0).simulate(300_000, seed=1)
        wait = erlang_c(4, 3.0) / (4 - 3.0)
        assert holds(run.estimate("waiting_time"), wait)
        assert run.utilization["app"] == pytest.approx(0.75, rel=0.01)

    def test_little(self):
        """What is counted over time agrees with the times of the requests: N = X R."""
        run = one(4, rate=3.0).simulate(100_000, seed=2, warm_up=0.0)
        assert run.concurrency == pytest.approx(run.throughput * run.response_time, rel=0.003)
        assert run.queue_length == pytest.approx(run.throughput * run.waiting_time, rel=0.003)
        assert run.station("app").response_time == pytest.approx(run.response_time, rel=0.003)

    def test_finite_queue(self):
        """M/M/2/5 refuses the share of Erlang's birth-death chain."""
        run = one(2, rate=2.0, queue_limit=3).simulate(200_000, seed=1)
        full = shares_of_birth_death(lambda n: 2.0, lambda n: min(n, 2), 5)[-1]
        assert run.shares["rejected"] == pytest.approx(full, rel=0.02)
        assert run.station("app").blocking_probability == pytest.approx(run.shares["rejected"], rel=1e-3)

    def test_md1(self):
        """Constant service halves the wait of M/M/1."""
        network = Network((Node("app", Constant(1.0)),), Clients(Poisson(0.7)))
        run = network.simulate(300_000, seed=3)
        assert holds(run.estimate("waiting_time"), 0.7 / (2 * 0.3))

    def test_dm1(self):
        """Even arrivals to M service wait as the root of the embedded chain says."""
        root = 0.5
        for _ in range(200):
            root = math.exp(-(1 - root) / 0.8)
        network = Network((Node("app", Exponential(1.0)),), Clients(Even(0.8)))
        assert holds(network.simulate(300_000, seed=1).estimate("waiting_time"), root / (1 - root))

    def test_jackson(self):
        """A tandem of M/M/c stations with feedback has the product form's numbers present."""
        stations = (Node("a", Exponential(0.5), 2), Node("b", Exponential(1.0), 3))
        routing = ((0.0, 1.0), (0.25, 0.0))
        run = Network(stations, Clients(Poisson(1.5)), routing=routing).simulate(200_000, seed=4)
        rate = 1.5 / 0.75
        for name, mean, servers in (("a", 0.5, 2), ("b", 1.0, 3)):
            load = rate * mean
            present = load + erlang_c(servers, load) * load / (servers - load)
            assert run.station(name).concurrency == pytest.approx(present, rel=0.03)
            assert run.station(name).throughput == pytest.approx(rate, rel=0.01)

    def test_entry(self):
        """New requests split over the stations as asked."""
        stations = (Node("a", Exponential(0.1)), Node("b", Exponential(0.1)))
        network = Network(stations, Clients(Poisson(4.0)), routing=((0, 0), (0, 0)), entry=(0.3, 0.7))
        run = network.simulate(50_000, seed=1)
        assert run.station("b").arrival_rate == pytest.approx(2.8, rel=0.02)

    def test_erlang_a(self):
        """With exponential patience in the queue the share that leaves is that of Erlang A."""
        run = one(5, rate=6.0, patience=Exponential(2.0)).simulate(200_000, seed=1)
        shares = shares_of_birth_death(lambda n: 6.0, lambda n: min(n, 5) + max(n - 5, 0) / 2.0, 200)
        waiting = sum(share * max(n - 5, 0) for n, share in enumerate(shares))
        assert run.shares["abandoned"] == pytest.approx(waiting / 2.0 / 6.0, rel=0.02)
        assert run.station("app").queue_length == pytest.approx(waiting, rel=0.03)

    def test_closed_population(self):
        """Twenty users who think have the throughput of the machine-repair model."""
        clients = Clients(Users(20, Exponential(5.0)))
        run = one(2, clients=clients).simulate(200_000, seed=1)
        shares = shares_of_birth_death(lambda n: (20 - n) / 5.0, lambda n: min(n, 2), 20)
        throughput = sum(share * min(n, 2) for n, share in enumerate(shares))
        assert run.throughput == pytest.approx(throughput, rel=0.01)

    def test_closed_tandem(self):
        """Users of two stations in a row have the throughput of exact mean value analysis."""
        means, think, users = (0.5, 0.3), 2.0, 8
        present, throughput = [0.0, 0.0], 0.0
        for number in range(1, users + 1):
            times = [mean * (1 + queue) for mean, queue in zip(means, present, strict=True)]
            throughput = number / (think + sum(times))
            present = [throughput * time for time in times]
        stations = tuple(Node(name, Exponential(mean)) for name, mean in zip("ab", means, strict=True))
        run = Network(stations, Clients(Users(users, Exponential(think)))).simulate(200_000, seed=1)
        assert run.throughput == pytest.approx(throughput, rel=0.01)
        assert run.station("a").concurrency == pytest.approx(present[0], rel=0.02)

    def test_no_thought(self):
        """Users who do not think keep one server busy without a break."""
        run = one(1, clients=Clients(Users(3))).simulate(20_000, seed=1)
        assert run.utilization["app"] == pytest.approx(1.0, abs=1e-6)
        assert run.throughput == pytest.approx(1.0, rel=0.03)

    def test_delay(self):
        """A station with any number of servers is a delay: nobody waits, N = λ S whatever the law."""
        network = Network((Node("app", Erlang(2.0, 3), servers=None),), Clients(Poisson(5.0)))
        run = network.simulate(50_000, seed=1)
        assert run.waiting_time == 0
        assert run.concurrency == pytest.approx(10.0, rel=0.02)

    def test_priority(self):
        """Of two kinds the first waits as Cobham says, and so does the second."""
        clients = Clients(Poisson(0.8), mix=(0.5, 0.5))
        run = one(1, clients=clients).simulate(300_000, seed=1)
        first, second = 0.8 / 0.6, 0.8 / (0.6 * 0.2)
        assert run.of_kind(0).waiting_time == pytest.approx(first, rel=0.02)
        assert run.of_kind(1).waiting_time == pytest.approx(second, rel=0.06)

    def test_kinds(self):
        """Each kind of request has its own service law."""
        network = Network(
            (Node("app", (Constant(1.0), Constant(3.0)), servers=None),),
            Clients(Poisson(1.0), mix=(0.25, 0.75)),
        )
        assert network.simulate(50_000, seed=1).response_time == pytest.approx(2.5, rel=0.01)

    def test_empirical(self):
        """An empirical law is drawn from as it is."""
        network = Network((Node("app", Empirical.of([0.1, 0.3]), servers=None),), Clients(Poisson(1.0)))
        run = network.simulate(20_000, seed=1)
        assert sorted(set(run.responses.round(6))) == [0.1, 0.3]


class TestBalancers:
    """How replicas share the work."""

    @pytest.mark.parametrize(
        ("balancer", "wait"),
        [
            ("random", 5.0),
            ("round_robin", 2.82),
            ("two_choices", 1.71),
            ("shortest_queue", 1.19),
            ("shared", 0.987),
        ],
    )
    def test_mean_wait(self, balancer, wait):
        """Four replicas at utilization 0.833 wait as in the table of the levers."""
        run = one(1, rate=10 / 3, replicas=4, balancer=balancer).simulate(400_000, seed=1)
        assert run.waiting_time == pytest.approx(wait, rel=0.05)

    def test_all_down(self):
        """Without a shared queue there is nobody to wait for, so requests are refused."""
        network = Network(
            (Node("app", Exponential(0.1), replicas=2, balancer="random", failures=Failures(1.0, 100.0)),),
            Clients(Poisson(1.0)),
        )
        assert network.simulate(2_000, seed=1).shares["rejected"] > 0.9


class TestClients:
    """Time-outs, retries and what keeps them in bounds."""

    def test_retries_of_refused(self):
        """Attempts of which each fails with one chance are geometric, cut at the most."""
        clients = Clients(Poisson(5.0), max_attempts=3, backoff=Backoff(1000.0))
        run = one(1, clients=clients, queue_limit=0).simulate(200_000, seed=1, warm_up=0.3)
        refused = run.station("app").blocking_probability
        assert run.attempts_per_request == pytest.approx(1 + refused + refused**2, rel=0.01)
        assert run.shares["rejected"] == pytest.approx(refused**3, rel=0.02)

    def test_backoff(self):
        """Pauses grow by the factor up to the cap, and jitter halves them on average."""
        clients = Clients(Trace((0.0, 100.0)), timeout=1.0, max_attempts=4, backoff=Backoff(1.0, 2.0, 3.0))
        network = Network((Node("app", Constant(5.0), servers=None),), clients)
        run = network.simulate(2, seed=1, warm_up=0)
        assert run.responses == pytest.approx([10.0, 10.0])
        clients = Clients(Even(1.0), timeout=0.5, max_attempts=2, backoff=Backoff(2.0, jitter=True))
        run = Network((Node("app", Constant(5.0), servers=None),), clients).simulate(5_000, seed=1)
        assert run.responses.mean() == pytest.approx(2.0, rel=0.02)

    def test_cancels_nothing(self):
        """Servers that are not told finish what nobody waits for."""
        clients = Clients(Trace((0.0, 0.1, 5.0)), timeout=1.0)
        run = Network((Node("app", Constant(3.0)),), clients).simulate(3, warm_up=0)
        assert run.outcomes.tolist() == [2, 2, 2]
        assert run.responses == pytest.approx([1.0, 1.0, 1.0])

    @pytest.mark.parametrize(("cancels", "ok"), [("nothing", 0), ("waiting", 1), ("all", 1)])
    def test_cancels_waiting(self, cancels, ok):
        """Work that is dropped from the queue makes way for the next."""
        clients = Clients(Trace((0.0, 0.0, 0.1, 3.89)), timeout=2.0, cancels=cancels)
        run = Network((Node("app", Constant(1.95)),), clients).simulate(4, warm_up=0)
        assert run.outcomes.tolist() == [0, 2, 2, 0 if ok else 2]

    def test_cancels_all(self):
        """Work that is cut short frees its server at the time-out."""
        clients = Clients(Trace((0.0, 1.5)), timeout=2.0, cancels="all")
        run = Network((Node("app", Constant(3.0)),), clients).simulate(2, warm_up=0)
        assert run.outcomes.tolist() == [2, 2]
        assert run.waits[1] == pytest.approx(0.5)
        assert run.marks[-1].wasted <= 3.5

    def test_drawn_timeout(self):
        """A time-out may be drawn; against exponential service it strikes by the share of rates."""
        clients = Clients(Poisson(1.0), timeout=Exponential(2.0))
        run = Network((Node("app", Exponential(1.0), servers=None),), clients).simulate(50_000, seed=1)
        assert run.shares["timed out"] == pytest.approx(1 / 3, rel=0.02)

    def test_budget(self):
        """A retry budget caps the attempts at one more than its share."""
        clients = Clients(Poisson(5.0), max_attempts=10, retry_budget=RetryBudget(0.2))
        run = one(1, clients=clients, queue_limit=0).simulate(50_000, seed=1)
        assert run.attempts_per_request == pytest.approx(1.2, abs=0.001)

    @pytest.mark.parametrize(("burst", "refused"), [(1, 1 / 3), (2, 0.097), (3, 0.028)])
    def test_rate_limit(self, burst, refused):
        """A token bucket refuses Poisson arrivals as in the table of the levers (its burst counts the spare tokens)."""
        clients = Clients(Poisson(5.0), rate_limit=RateLimit(10.0, burst))
        run = one(None, mean=0.1, clients=clients).simulate(200_000, seed=1)
        assert run.shares["limited"] == pytest.approx(refused, rel=0.05)

    @pytest.mark.parametrize(("rate", "burst"), [(3.0, 1), (10.0, 1), (100.0, 1), (7.0, 2)])
    def test_even_requests_at_the_rate_limit(self, rate, burst):
        """Requests as evenly spaced as tokens come in are all let in, however their sums round."""
        clients = Clients(Even(rate), rate_limit=RateLimit(rate, burst))
        assert one(None, mean=0.1, clients=clients).simulate(5_000).shares["limited"] == 0

    def test_budget_of_tenths(self):
        """Ten requests at a tenth of a token each pay for one retry, though ten tenths round to less than one."""
        clients = Clients(
            Even(1.0), timeout=0.1, cancels="all", max_attempts=2, retry_budget=RetryBudget(0.1, burst=1)
        )
        run = Network((Node("app", Constant(1.0), None),), clients).simulate(100, warm_up=0)
        assert np.flatnonzero(run.attempts == 2).tolist() == list(range(0, 100, 10))

    def test_breaker(self):
        """While the service is slow the breaker opens and spares it; once it is well all calls pass again."""
        clients = Clients(
            Poisson(50.0), timeout=0.5, breaker=Breaker(window=20, threshold=0.5, open_for=2.0, probes=3)
        )
        changes = (Slowdown("app", 20.0, 40.0, 100.0),)
        run = Network((Node("app", Exponential(0.01), 4),), clients, changes=changes).simulate(
            5_000, seed=1, warm_up=0
        )
        slow = (run.arrivals > 22) & (run.arrivals < 39)
        assert (run.outcomes[slow] == 5).mean() > 0.8
        assert (run.outcomes[run.arrivals > 50] == 0).all()
        assert run.responses[run.outcomes == 5].max() == 0


class TestServers:
    """What happens to servers in the course of a run."""

    def test_held_threads(self):
        """Threads that hold while the database works limit a flow which each station alone would carry.

        Exact chain: 10 threads at 100/s, 8 connections at 50/s, 380 req/s, 600 may wait: 328.54 req/s pass.
        """
        stations = (
            Node("threads", Exponential(0.01), 10, holds=True, queue_limit=600),
            Node("database", Exponential(0.02), 8),
        )
        run = Network(stations, Clients(Poisson(380.0))).simulate(200_000, seed=1, warm_up=0.2)
        assert run.throughput == pytest.approx(328.54, rel=0.01)
        assert run.station("database").utilization * 8 == pytest.approx(6.571, rel=0.01)
        assert run.utilization["threads"] == pytest.approx(1.0, abs=0.001)

    def test_crashes(self):
        """A replica is there for its share of the time, and what it served when it crashed is lost."""
        network = Network(
            (Node("app", Exponential(0.5), replicas=3, failures=Failures(30.0, 10.0)),), Clients(Poisson(1.0))
        )
        run = network.simulate(100_000, seed=1, warm_up=0)
        up = run.marks[-1].able[0] / run.marks[-1].time
        assert up == pytest.approx(3 * 0.75, rel=0.03)
        assert run.shares["lost"] == pytest.approx(0.5 / 30, rel=0.1)

    def test_deployment(self):
        """During a rolling deployment one replica after the other takes no work, and none is lost."""
        network = Network(
            (Node("app", Exponential(0.1), replicas=2, balancer="round_robin"),),
            Clients(Poisson(4.0)),
            changes=(Deployment("app", 100.0, 50.0),),
        )
        run = network.simulate(2_000, seed=1, warm_up=0)
        assert run.shares["ok"] == 1
        assert run.marks[-1].able[0] == pytest.approx(2 * run.marks[-1].time - 100.0)

    def test_scaling(self):
        """A rule of scaling brings enough replicas, after the lag."""
        node = Node("app", Exponential(0.1), balancer="shortest_queue", scaling=Scaling(6, 0.5, 10.0, 30.0))
        run = Network((node,), Clients(Poisson(20.0))).simulate(40_000, seed=1, warm_up=0.5)
        first, last = run.marks[60], run.marks[-1]
        assert (last.able - first.able)[0] / (last.time - first.time) == pytest.approx(4.0, abs=0.5)
        assert not run.grows

    def test_cold_cache(self):
        """A cold cache misses at first and hits as it warms up: 1 - hit (1 - e^(-served / warm-up)) of all miss."""
        node = Node(
            "app", Constant(0.01), servers=None, cache=Cache(0.9, Constant(0.1), warm_up=1000.0, cold=True)
        )
        run = Network((node,), Clients(Even(10.0))).simulate(20_000, seed=1, warm_up=0)
        missed = np.isclose(run.responses, 0.1)
        served = np.arange(20_000)
        expected = 1 - 0.9 * (1 - np.exp(-served / 1000.0))
        assert missed[:2000].mean() == pytest.approx(expected[:2000].mean(), abs=0.03)
        assert missed[8000:].mean() == pytest.approx(0.1, abs=0.01)

    def test_slowdown(self):
        """What is under way when a slowdown begins is slowed too, and no longer when it ends."""
        network = Network(
            (Node("app", Constant(2.0)),),
            Clients(Trace((0.0, 20.0))),
            changes=(Slowdown("app", 1.0, 2.0, 4.0),),
        )
        assert network.simulate(2, warm_up=0).responses == pytest.approx([2.75, 2.0])


class TestMetastability:
    """Of the levers: 300 req/s cut to 100 for 30 s, time-out 1 s, two retries after 0.5 s, nothing cancelled."""

    @staticmethod
    def share_answered(load, attempts=3, queue_limit=None, **clients):
        """Return the share answered of the requests that come long after the trigger, from 450 s on."""
        network = Network(
            (Node("app", Constant(0.01), 3, queue_limit=queue_limit),),
            Clients(Poisson(load), timeout=1.0, max_attempts=attempts, backoff=Backoff(0.5), **clients),
            changes=(Slowdown("app", 30.0, 60.0, 3.0),),
        )
        run = network.simulate(int(load * 600), seed=1, warm_up=0)
        return (run.outcomes[run.arrivals > 450] == 0).mean()

    def test_recovers(self):
        """A load of 90, below a third of the capacity, recovers."""
        assert self.share_answered(90.0) == 1

    @pytest.mark.parametrize("load", [110.0, 150.0, 200.0, 250.0])
    def test_stays_down(self, load):
        """A load above a third of the capacity never recovers from three attempts."""
        assert self.share_answered(load) < 0.05

    def test_no_retries(self):
        """Without retries 250 recovers."""
        assert self.share_answered(250.0, attempts=1) == 1

    def test_budget(self):
        """With a retry budget of 10% even 250 recovers."""
        assert self.share_answered(250.0, retry_budget=RetryBudget(0.1)) > 0.99

    def test_cancelled(self):
        """Dropping expired work lets 150 recover too.

        Not 250: what is at the head of the queue has then waited so long that it expires while it is served.
        """
        assert self.share_answered(150.0, cancels="waiting") > 0.99
        assert self.share_answered(250.0, cancels="waiting") < 0.05

    def test_bounded(self):
        """So does a queue of at most half a second of work."""
        assert self.share_answered(250.0, queue_limit=150) > 0.99


def everything(arrivals=Poisson(150.0)):  # noqa: B008 - frozen
    """Return a network with every feature at work."""
    stations = (
        Node("web", (Exponential(0.02), Erlang(0.03, 2)), 4, 3, "two_choices", queue_limit=20, holds=True,
             failures=Failures(20.0, 2.0)),
        Node("cache", Exponential(0.002), 2, 2, "random", cache=Cache(0.8, Exponential(0.02), 100.0, cold=True)),
        Node("db", Exponential(0.01), 2, 1, patience=Exponential(0.2), scaling=Scaling(3, interval=1.0, lag=2.0)),
    )  # fmt: skip
    clients = Clients(
        arrivals, timeout=Exponential(0.5), max_attempts=3, backoff=Backoff(0.1, 2.0, jitter=True),
        retry_budget=RetryBudget(0.3), breaker=Breaker(50, 0.6, 0.5, 3), rate_limit=RateLimit(250.0, 20.0),
        mix=(0.3, 0.7),
    )  # fmt: skip
    routing = ((0.0, 0.6, 0.4), (0.0, 0.0, 0.3), (0.1, 0.0, 0.0))
    changes = (Slowdown("db", 3.0, 6.0, 3.0), Deployment("cache", 8.0, 2.0))
    return Network(stations, clients, routing, changes=changes)


USERS = Users(60, Exponential(0.2))
PRINT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_network import USERS, everything, found
print(json.dumps([found(everything(*to).simulate(3_000, seed=5)) for to in ((), (USERS,))]))
"""


def found(run):
    """Return all that a run found, number by number."""
    sums = [
        [*mark.busy, *mark.queue, *mark.able, *mark.came, mark.wasted, *mark.attempts] for mark in run.marks
    ]
    return [run.responses.tolist(), run.waits.tolist(), run.outcomes.tolist(), run.attempts.tolist(), sums]


class TestAgainstCiw:
    """Another simulator gives the same."""

    def test_network(self):
        """Two stations with a full queue, feedback and service that is not exponential agree with Ciw."""
        import ciw

        system = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(8.0), None],
            service_distributions=[ciw.dists.Gamma(2.0, 0.1), ciw.dists.Deterministic(0.1)],
            routing=[[0.0, 0.5], [0.0, 0.4]],
            number_of_servers=[3, 1],
            queue_capacities=[4, float("inf")],
        )
        ciw.seed(1)
        simulation = ciw.Simulation(system)
        simulation.simulate_until_max_time(1_500.0)
        served = [one for one in simulation.get_all_records() if one.record_type == "service"]
        waits = [[one.waiting_time for one in served if one.node == node] for node in (1, 2)]
        stations = (Node("a", Erlang(0.2, 2), 3, queue_limit=4), Node("b", Constant(0.1)))
        network = Network(stations, Clients(Poisson(8.0)), routing=((0.0, 0.5), (0.0, 0.4)))
        run = network.simulate(200_000, seed=1)
        for name, wait in zip("ab", waits, strict=True):
            assert run.station(name).waiting_time == pytest.approx(np.mean(wait), rel=0.1)


class TestInverse:
    """The questions asked backwards."""

    def test_largest_rate(self):
        """M/M/1 keeps a mean response of 5 services up to 0.8 of its capacity, wherever the search begins."""
        for start in (0.1, 5.0):
            rate = one(1, rate=start).max_arrival_rate(5.0, requests=100_000, seed=2)
            assert rate == pytest.approx(0.8, rel=0.03)

    def test_largest_rate_of_retries(self):
        """A network that collapses by retries is told by the share answered, not by the times of the lucky ones."""
        clients = Clients(Poisson(50.0), timeout=1.0, max_attempts=3, backoff=Backoff(0.1))
        network = one(1, mean=0.01, clients=clients)
        assert network.max_arrival_rate(1.0, 0.9) < 99.0

    def test_fewest_servers(self):
        """The answer keeps the objective, and one server fewer does not."""
        network = one(1, rate=20.0, mean=0.1)
        fewest = network.servers_for("app", 0.4, 0.95)
        answers = [
            one(servers, rate=20.0, mean=0.1).simulate(50_000).response_time_quantile(0.95)
            for servers in (fewest, fewest - 1)
        ]
        assert answers[0] <= 0.4 < answers[1]

    def test_infeasible(self):
        """An objective below the service time, one that nothing breaks in so short a run, and users are refused."""
        with pytest.raises(DomainError, match="infeasible: not even"):
            one(1).max_arrival_rate(0.5, requests=500)
        with pytest.raises(DomainError, match="give at least"):
            one(None).max_arrival_rate(5.0, requests=500)
        with pytest.raises(DomainError, match="vary the number of users"):
            one(1, clients=Clients(Users(3))).max_arrival_rate(5.0)
        with pytest.raises(DomainError, match="choose among app"):
            one(1).servers_for("db", 5.0)


class TestReproducible:
    """One seed, one run."""

    def test_same_seed(self):
        """The same seed gives the same run, another seed another."""
        first, second, other = (everything().simulate(2_000, seed=seed) for seed in (1, 1, 2))
        assert found(first) == found(second)
        assert found(first) != found(other)

    def test_every_outcome(self):
        """The network with every feature has requests that end in most ways, and servers that did work for nothing."""
        run = everything().simulate(20_000, seed=5)
        assert sum(share > 0 for share in run.shares.values()) >= 6
        assert 0 < run.wasted < 1
        assert run.attempts_per_request > 1

    def test_plain(self):
        """Without compilation the same source gives the same run to the last bit."""
        environment = {**os.environ, "CAPACITY_COMPILE": "0"}
        command = [sys.executable, "-c", PRINT, str(Path(__file__).parent)]
        plain = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        runs = everything().simulate(3_000, seed=5), everything(USERS).simulate(3_000, seed=5)
        assert json.loads(plain.stdout) == [found(run) for run in runs]

    def test_common_random_numbers(self):
        """What one station does differently leaves the arrivals and the draws of the others as they were."""
        slow, fast = (
            Network(
                (Node("a", Exponential(mean), None), Node("b", Erlang(1.0, 2), None)), Clients(Poisson(1.0))
            )
            for mean in (0.2, 0.1)
        )
        slow_run, fast_run = slow.simulate(5_000, seed=3), fast.simulate(5_000, seed=3)
        assert (slow_run.arrivals == fast_run.arrivals).all()
        assert slow_run.marks[-1].busy[1] == pytest.approx(fast_run.marks[-1].busy[1], rel=0.01)
        both = (slow_run.response_time - fast_run.response_time) / 0.1
        assert both == pytest.approx(1.0, rel=0.05)

    def test_growth(self):
        """A backlog far beyond the room at the start is held, and said to grow."""
        run = one(1, rate=2.0).simulate(20_000, seed=1)
        assert run.grows
        assert run.shares["ok"] == 1
        assert not one(1, rate=0.8).simulate(20_000, seed=1).grows


class TestRefused:
    """What cannot be simulated says why."""

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"stations": ()}, "at least one"),
            ({"stations": (Node("a", Exponential(1.0)),) * 2}, "each its name once"),
            ({"routing": ((1.0,),)}, "requests at app never leave"),
            ({"routing": ((0.5, 0.5),)}, "do not fit 1 stations"),
            ({"routing": ((-0.5,),)}, "0 or above"),
            ({"entry": (0.5,)}, "add to 0.5"),
            ({"changes": (Slowdown("db", 0.0, 1.0, 2.0),)}, "'db' is no station; choose among app"),
            ({"stations": (Node("app", Exponential(1.0), holds=True),), "routing": ((0.5,),)}, "without end"),
        ],
    )
    def test_network(self, arguments, message):
        """A network that cannot be is refused with what to do."""
        with pytest.raises(DomainError, match=message):
            Network(
                **{
                    "stations": (Node("app", Exponential(1.0)),),
                    "clients": Clients(Poisson(1.0)),
                    **arguments,
                }
            )

    @pytest.mark.parametrize("warm_up", [1.0, -0.1, "none"])
    def test_warm_up(self, warm_up):
        """A warm-up that is no share of the run is refused."""
        with pytest.raises(DomainError, match="warm-up"):
            one().simulate(100, warm_up=warm_up)

    def test_nothing_answered(self):
        """Where nothing is answered no time is made up."""
        clients = Clients(Poisson(1.0), timeout=0.5)
        run = Network((Node("app", Constant(1.0)),), clients).simulate(200)
        with pytest.raises(DomainError, match="none of the 180 requests was answered"):
            _ = run.response_time

    def test_kinds(self):
        """Service laws for other kinds than there are get refused."""
        with pytest.raises(DomainError, match="2 service laws for 1 kinds"):
            Network((Node("app", (Exponential(1.0), Exponential(2.0))),), Clients(Poisson(1.0)))


def test_a_rate_is_not_found_by_runs_that_end_before_the_spike():
    """The largest rate of a load with a spike at 60 s is refused by runs that never see it."""
    spike = Varying(starts=(0.0, 60.0, 90.0), rates=(20.0, 40.0, 20.0))
    shop = Network((Node("app", Exponential(0.01), servers=1),), Clients(spike))
    with pytest.raises(DomainError, match="end before what is planned for 90 s; give at least"):
        shop.max_arrival_rate(0.1, 0.95, requests=1_500)
