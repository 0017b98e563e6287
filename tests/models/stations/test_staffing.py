"""Erlang's formulas asked backwards."""

import math

import mpmath
import pytest

from capacity.errors import DomainError
from capacity.models.stations.erlang import erlang_b, erlang_c
from capacity.models.stations.staffing import (
    SquareRootStaffing,
    offered_load_for,
    servers_for_blocking,
    servers_for_wait_probability,
)


@pytest.mark.parametrize(
    ("servers", "blocking", "load"),
    [(4, 0.002, 0.535), (24, 0.01, 15.3), (70, 0.002, 51.0), (100, 0.001, 75.2)],
)
def test_printed_traffic_table(servers, blocking, load):
    """Rappaport, Wireless Communications, 2nd ed., table 3.4: loads printed to three digits."""
    assert offered_load_for(servers, blocking) == pytest.approx(load, rel=0.002)


@pytest.mark.parametrize("servers", [1, 7, 40, 41, 500, 10**5, 10**6])
@pytest.mark.parametrize("blocking", [1e-300, 1e-9, 0.01, 0.5, 1 - 1e-6])
def test_the_load_has_the_blocking_asked_for(servers, blocking):
    """The answer, put into the formula, gives the share back, down to the smallest."""
    load = offered_load_for(servers, blocking)
    idle = servers - load * (1 - erlang_b(servers, load))  # relative change of B for one of the load
    assert erlang_b(servers, load) == pytest.approx(blocking, rel=1e-12 + 1e-15 * idle)


def test_one_server_in_closed_form():
    """B = a / (1 + a), so a = B / (1 - B)."""
    assert offered_load_for(1, 0.2) == pytest.approx(0.25, rel=1e-14)
    assert offered_load_for(1, 1e-300) == pytest.approx(1e-300, rel=1e-14)


@pytest.mark.parametrize("share", [0.0, 1.0, 5.0])
def test_a_share_outside_the_unit_interval_is_refused(share):
    """No finite load refuses nothing or everything."""
    with pytest.raises(DomainError, match=r"blocking probability .* does not lie between 0 and 1"):
        offered_load_for(10, share)
    with pytest.raises(DomainError, match=r"blocking probability .* does not lie between 0 and 1"):
        servers_for_blocking(10, share)


@pytest.mark.parametrize("load", [0.3, 7.0, 84.06, 5000.0, 1e6])
@pytest.mark.parametrize("share", [1e-9, 0.01, 0.4])
def test_fewest_servers_are_the_edge(load, share):
    """The answer keeps the share, one server less does not: for refusals and for waits."""
    servers = servers_for_blocking(load, share)
    assert erlang_b(servers, load) <= share
    assert servers == 1 or erlang_b(servers - 1, load) > share
    servers = servers_for_wait_probability(load, share)
    assert erlang_c(servers, load) <= share
    assert servers - 1 <= load or erlang_c(servers - 1, load) > share


def test_square_root_rule_solves_its_equation():
    """1 / (1 + β Φ(β) / φ(β)) is the wait probability, in 30 digits."""
    for share in (1e-300, 1e-12, 0.05, 0.5, 0.999):
        beta = mpmath.mpf(SquareRootStaffing(100, share).beta)
        with mpmath.workdps(30):
            wait = 1 / (1 + beta * mpmath.ncdf(beta) / mpmath.npdf(beta))
            assert abs(wait / share - 1) < 1e-12


def test_square_root_rule_of_halfin_and_whitt():
    """P(wait) 0.5 takes β of 0.5061 (reference hw_1000_0.5), and the rule is close to the exact number."""
    staffing = SquareRootStaffing(offered_load=1000, wait_probability=0.5)
    assert staffing.beta == pytest.approx(0.506054468989181, rel=1e-12)
    assert staffing.servers_by_rule == pytest.approx(1000 + staffing.beta * math.sqrt(1000))
    assert staffing.servers == 1017


def test_square_root_rule_is_the_limit_of_many_servers():
    """With a million erlangs the rule is right to a server."""
    staffing = SquareRootStaffing(offered_load=1e6, wait_probability=0.05)
    assert abs(staffing.servers - staffing.servers_by_rule) < 2


def test_no_load_needs_no_rule():
    """Zero erlangs are refused."""
    with pytest.raises(DomainError, match="offered load 0 is not allowed; give a finite number above 0"):
        SquareRootStaffing(0.0, 0.5)
