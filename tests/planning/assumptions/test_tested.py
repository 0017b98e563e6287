"""What the fleet carries beyond the tests: the service in production, scaling, shared limits."""

from dataclasses import replace

import numpy as np

from capacity.models.scalability import Amdahl
from capacity.planning.assumptions.answers import Sizing
from capacity.planning.assumptions.stated import Stated
from capacity.planning.assumptions.tested import of_limits, of_scaling, of_service

DEMAND = "[demand]\ncurrent_peak = 200\ngrowth_per_month = [0.0, 0.02, 0.1]\n"


def stated(study, **changes) -> Stated:
    """What the number of instances of a plan with demand rests on, unless changed."""
    return replace(study(DEMAND)._stated, **changes)


def test_service_model_is_tried_without(study):
    """Where the capacity is for production's arrivals by the model, the answer without the model stands beside it."""
    basis = study(DEMAND)._basis
    weaker = replace(basis, capacity=basis.capacity.scaled(0.3))
    found = stated(study, in_production=True, of=lambda plan, modelled=True: basis if modelled else weaker)
    (one,) = [item for item in of_service(found) if "one queue" in item.name]
    judged = one.judged(sizing := Sizing(basis, 3), sizing.answer(basis))
    assert judged.effect == "changes"
    assert judged.low.instances > 3


def test_fitted_scaling_within_the_tests_cannot_act(study):
    """Up to the most instances tested the law is measured; beyond, its contention and its coherency are tried."""
    sizes = np.array([1.0, 2.0, 4.0])
    fit = Amdahl.fit(sizes, np.array([290.0, 570.0, 1080.0]))
    found = stated(study, tested=4)
    found = replace(found, basis=replace(found.basis, scaling=fit))
    assert [one.at for one in of_scaling(found, 3)] == [None]
    beyond = list(of_scaling(found, 9))
    assert [one.name.rpartition(" ")[2] for one in beyond] == ["contention", "coherency"]
    sizing = Sizing(found.basis, 9)
    coherent = beyond[1].judged(sizing, sizing.answer(found.basis))
    assert coherent.high.load < sizing.answer(found.basis).load


def test_a_shared_limit_is_moved_by_what_it_is_given_in(study):
    """A limit of any kind ends at half and at double of what it did."""
    more = (
        "[[limit]]\nname = 'db'\nutilization = 0.3\nload = 100\n"
        "[[limit]]\nname = 'mail'\nrate = 600\n[[limit]]\nname = 'pool'\navailable = 97\nper_instance = 10\n"
    )
    found = study(DEMAND + more)._stated
    ends = [
        [one.at(factor).shared.limits[place] for factor in (0.5, 2.0)]
        for place, one in enumerate(of_limits(found, 3))
    ]
    assert [round(limit.rate) for limit in ends[0]] == [133, 533]
    assert [limit.rate for limit in ends[1]] == [300, 1200]
    assert [limit.instances for limit in ends[2]] == [4, 19]
