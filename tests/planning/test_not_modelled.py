"""What the answer leaves out is told only where it applies, with the side on which the answer errs."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.plain import plain_data
from capacity.plan import Limit, Policy, Service, Size
from capacity.planning.demand.demand import forecast
from capacity.planning.demand.traffic import TrafficHistory
from capacity.planning.fleet.response import Responses
from capacity.planning.fleet.scaling import AssumedScaling
from capacity.planning.not_modelled import not_modelled

POISSON = Estimate.exactly(1.0, unit="", method="independent users (Poisson)", provenance="assumed")


@pytest.fixture
def told(make):
    """What is not modelled of a service that is ready, unless changed, by what it is."""

    def tell(known=None, responses=None, dispersion=POISSON, service=None, running=2, duration=360.0, **plan):
        nothing = {
            "limit": (),
            "size": (),
            "policy": Policy(),
            "service": Service(name="x", instances_running=running),
        }
        test = SimpleNamespace(duration=duration, instances=1)
        found = not_modelled(
            known or make.known(), SimpleNamespace(**(nothing | plan)), tests=(test,), service=service,
            scaling=AssumedScaling(), dispersion=dispersion, responses=responses,
        )  # fmt: skip
        return found, {one.what: one for one in found.omissions}

    return tell


def history(days: int, start: str = "2026-06-01") -> TrafficHistory:
    """Hourly traffic with a busy noon."""
    index = pd.date_range(start, periods=days * 24, freq="h", tz="UTC")
    return TrafficHistory("flat.csv", 3600.0, pd.Series([100.0 + 10 * (t.hour == 12) for t in index], index))


def test_what_looks_too_good_comes_first(told):
    """Omissions that make the answer look better than production come before all others, and the text counts them."""
    found, _ = told()
    sides = [one.errs for one in found.omissions]
    assert sides == sorted(sides, key=["optimistic", "either", "pessimistic"].index)
    assert f"for {sides.count('optimistic')} it looks better" in found.text
    assert json.dumps(plain_data(found.to_frame()))
    assert len(found.to_frame()) == len(sides)


def test_no_limit_stated_is_told(told):
    """Shared limits are left out where the plan states none, and only others where it states some."""
    _, without = told()
    _, stated = told(limit=(Limit(name="<b>mail</b>", rate=5.0),))
    assert "what all instances share: a database, quotas of third parties" in without
    assert "shared limits other than those stated (<b>mail</b>)" in stated


def test_instances_need_to_be_several(told, make):
    """Sessions, zones and unlike instances are no matter of one instance."""
    alone = make.known(fleet=None, demand=None)
    assert "sessions bound to an instance" not in told(alone, running=1)[1]
    assert "sessions bound to an instance" in told(alone, running=2)[1]


def test_stated_zones_are_in_the_answer(told):
    """The loss of a zone is left out only where the plan states no zones."""
    assert "the loss of a zone" in told()[1]
    assert "the loss of a zone" not in told(policy=Policy(zones=3))[1]


def test_a_long_test_shows_what_builds_up(told):
    """A test of a day shows what one of minutes cannot."""
    short, long = told()[1], told(duration=90_000.0)[1]
    name = "what builds up over hours: leaks, full disks, compaction, nightly jobs"
    assert short[name].why == "the longest test ran 6 minutes"
    assert name not in long


def test_void_evidence_says_so(told, make):
    """Where a finding voids the evidence, no capacity is in the answer."""
    assert "a capacity" in told(make.known(findings=make.voided()))[1]


def test_a_bound_is_pessimistic(told, make):
    """A capacity that was not reached may be larger than the plan uses."""
    known = make.known(capacity=make.capacity(make.at_least(200.0), status="at least"))
    assert told(known)[1]["capacity above what was tested"].errs == "pessimistic"


def test_demand_is_told_by_what_it_rests_on(told, make):
    """Without demand, without history and with one, other things are left out."""
    grown = forecast(history(60), horizon_days=30, rng=np.random.default_rng(1))
    assert "how much will be asked" in told(make.known(demand=None, fleet=None))[1]
    assert "days and hours that differ from each other" in told()[1]
    found = told(make.known(demand=grown, fleet=None))[1]
    assert found["peaks within a step of the history"].why.startswith("the history counts in steps of 1 hour")
    assert "the change of the clocks" not in found  # September


def test_clocks_change_in_autumn(told, make):
    """The change of the clocks matters where the horizon has one."""
    grown = forecast(history(60, "2026-08-24"), horizon_days=30, rng=np.random.default_rng(1))
    assert "the change of the clocks" in told(make.known(demand=grown, fleet=None))[1]


def test_autoscaling_refused_is_told_with_its_reason(told):
    """What an autoscaler would save is left out where it was refused, for that reason."""
    found = told()[1]["what an autoscaler would save"]
    assert "no ramp_per_second is given" in found.why
    assert found.errs == "pessimistic"


def test_other_sizes_have_no_autoscaler(told):
    """The autoscaler written is for the size tested only."""
    size = Size(name="large", capacity_factor=(1.0, 2.0, 3.0), instance_per_month=1.0)
    assert "an autoscaler for the other sizes of instance" in told(size=(size,))[1]


def test_sizes_near_saturation_are_named(told):
    """Response times of a size that would be busy to 95% are told to be the model's alone."""
    sizes = pd.DataFrame({"instances": [1, 2, 3], "utilization": [1.9, 0.95, 0.6]})
    found = told(responses=Responses(300.0, sizes))[1]
    why = found["response times close to saturation, told by the model alone"].why
    assert "2 instances to 95%" in why
    assert "3 instances" not in why


def test_independent_users_are_an_omission_only_when_assumed(told):
    """Where the irregularity of arrivals was measured, users who come together are in it."""
    measured = Estimate(2.0, 1.5, 2.5, "", "counts", "measured")
    name = "users who come together: campaigns, push messages, jobs on the hour"
    assert name in told()[1]
    assert name not in told(dispersion=measured)[1]


def test_work_without_figures_is_counted_as_nothing(told, make):
    """Work that cannot be evaluated makes the answer look worse; causes nobody states make it look better."""
    work = SimpleNamespace(
        not_evaluable={"rfc7807_errors": "no model"},
        now=SimpleNamespace(downtime={"deployments": 1.0}),
        worth=(),
    )
    found = told(make.known(investments=work))[1]
    assert found["what this work is worth: RFC 7807 errors"].errs == "pessimistic"
    assert found["downtime by incidents, silent faults, overload, instances"].errs == "optimistic"
