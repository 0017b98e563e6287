"""Pictures of several instances."""

from dataclasses import replace

import pandas as pd

from capacity.display import Prose
from capacity.estimate import Estimate
from capacity.models.scalability import Usl
from capacity.planning.fleet.headroom import Policy, waterfall
from capacity.report import plots


def points(**saturation):
    """Saturation throughput by number of instances."""
    rows = [(int(n[1:]), Estimate(v, v - 5, v + 5, "req/s", "", "measured")) for n, v in saturation.items()]
    return pd.DataFrame(rows, columns=["instances", "saturation_throughput"])


def test_scaling_says_what_was_lost():
    """The message is the share of what would have been carried without loss."""
    picture = plots.scaling(points(n1=300.0, n2=570.0, n4=1020.0))
    assert "4 instances carry 1,020 req/s, 85% of what they would if nothing were lost" in picture.alt


def test_one_fleet_is_nothing_to_compare():
    """A single number of instances gives a sentence."""
    assert isinstance(plots.scaling(points(n1=300.0)), Prose)


def test_headroom_shows_what_each_policy_takes(words_of):
    """Every reduction stands beside its bar, nominal and safe load at the ends."""
    steps = waterfall(300.0, 4, Usl(300.0, 0.03, 0.0005), Policy(ramp_per_second=1.0))
    shown = words_of(plots.headroom(steps))
    assert {"nominal", "spare instances", "safe load", "1,200", "604", "−248"} <= set(shown)
    assert "50% of the 1,200 req/s" in plots.headroom(steps).alt


def test_policies_that_take_nothing_have_no_bar(words_of):
    """Without a ramp the scaling lag is not drawn."""
    steps = waterfall(300.0, 4, Usl(300.0, 0.03, 0.0005), Policy())
    assert "scaling lag" not in words_of(plots.headroom(steps))


def test_promise_of_nothing_names_who_takes_all():
    """One instance that may be lost can promise nothing, and the message says so."""
    assert (
        "can promise nothing: spare instances"
        in plots.headroom(waterfall(300.0, 1, Usl(300.0, 0.0, 0.0), Policy(spare_instances=1))).alt
    )


def test_options_mark_today_and_needed(study, words_of):
    """Today's fleet and the one needed are named, and the alternative states every option."""
    picture = plots.fleet_options(study.fleet)
    running, needed = study.fleet.instances_running, study.fleet.recommended
    assert {f"{running}: today", f"{needed}: needed"} <= set(words_of(picture))
    assert picture.alt.count("chance of missing") == len(study.fleet.options)


def test_no_fleet_is_enough(study):
    """When no fleet keeps the objective, the message says that."""
    none = replace(study.fleet, recommended=None, what_is_needed="A larger instance.")
    assert "No number of instances" in plots.fleet_options(none).alt


def test_far_apart_options_fit(study, words_of):
    """Options of 3 and 900 instances are drawn side by side."""
    options = study.fleet.options.assign(instances=[3, 897, 898, 899, 900][: len(study.fleet.options)])
    shown = words_of(plots.fleet_options(replace(study.fleet, options=options, recommended=899)))
    assert {"3", "897", "899: needed"} <= set(shown)


def test_crosses_miss_the_objective(study, words_of):
    """Each option has its chance at the right; what is beyond the accepted risk differs in shape."""
    picture = plots.fleet_options(study.fleet)
    assert "Crosses are beyond the accepted risk" in picture.caption
    assert {"93%", "0.05%"} & set(words_of(picture))


def test_numbers_of_neighbours_do_not_meet(words_of):
    """Of counts that lie close together the larger is labelled."""
    shown = words_of(plots.scaling(points(n1=300.0, n2=590.0, n100=20_000.0)))
    assert {"590", "20,000"} <= set(shown)
    assert "300" not in shown
