"""Inputs of what the fleet carries beyond the tests: shared limits, scaling, the service in production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from capacity.estimate import number
from capacity.models.fits.fitting import Fit
from capacity.models.scalability import Usl
from capacity.plan import Limit
from capacity.planning.assumptions.answers import Basis
from capacity.planning.assumptions.inputs import Input
from capacity.planning.assumptions.stated import Stated
from capacity.planning.assumptions.values import DOUBLE, HALF, instances, ranged, rate, times
from capacity.planning.fleet.scaling import AssumedScaling, law_of
from capacity.planning.fleet.shared import Shared, SharedLimit
from capacity.wording import counted, visible

_ENDS_LATE = 4.0  # times what a fleet carries nominally; a shared limit there takes nothing from it


def of_limits(stated: Stated, size: int) -> Iterator[Input]:
    """Where what all instances share ends."""
    limits = stated.plan.limit
    yield from (_limit(stated, limits, place, size) for place in range(len(limits)))
    if not limits:
        one, demand = stated.basis.capacity.low, stated.basis.demand
        tight = HALF * (one if demand is None else float(np.median(demand.peaks)))
        yield Input(
            "shared limits", "nothing that all instances share ends before them", "limit", "no limit, the default",
            "assumed", lambda end: replace(stated.basis, shared=Shared((SharedLimit("any", end, None, "tried"),))),
            (tight, None), max(size * one, tight) * _ENDS_LATE, rate,
        )  # fmt: skip


def _limit(stated: Stated, limits: tuple[Limit, ...], place: int, size: int) -> Input:
    limit = limits[place]

    def at(factor: float) -> Basis:
        keys = [name for name in ("rate", "load", "available") if getattr(limit, name) is not None]
        moved = limit.model_copy(update={key: getattr(limit, key) * factor for key in keys})
        return _with_limits(stated, (*limits[:place], moved, *limits[place + 1 :]))

    words = str(stated.basis.shared.limits[place])
    return Input(
        "shared limits", f"where {visible(limit.name)} ends", "limit", words, "config", at, (HALF, DOUBLE), 1.0,
        times("as much"), f"it ends beyond what {counted(size, 'instance')} may be given",
    )  # fmt: skip


def _with_limits(stated: Stated, limits: tuple[Limit, ...]) -> Basis:
    return stated.of(stated.plan.model_copy(update={"limit": limits}))


def of_scaling(stated: Stated, size: int) -> Iterator[Input]:
    """How instances get in each other's way beyond what was tested."""
    scaling = stated.basis.scaling
    if isinstance(scaling, AssumedScaling):
        yield from (_believed(stated, scaling, name, size) for name in ("contention", "coherency"))
    elif isinstance(scaling, Fit):
        yield from _beyond(stated, scaling, size)


def _believed(stated: Stated, scaling: AssumedScaling, name: str, size: int) -> Input:
    low, likely, high = getattr(scaling, name)

    def at(share: float) -> Basis:
        return replace(stated.basis, scaling=replace(scaling, **{name: (share,) * 3}))

    words = f"{ranged(low, likely, high)}, the default without tests at several numbers of instances"
    return Input(
        "scaling", f"{name} between instances", "tests", words, "assumed", at, (low, high), None, number,
        "one instance alone has no other to wait for" if size == 1 else "",
    )  # fmt: skip


def _beyond(stated: Stated, fit: Fit, size: int) -> Iterator[Input]:
    law, most = law_of(fit), stated.tested
    name, key = f"instances beyond {most} go on as those tested", "tests"
    if size <= most:
        value, idle = f"contention {fit.contention}", f"the answer lies within the {most} tested"
        yield Input("scaling", name, key, value, "measured", idle=idle)
        return
    contention, worst = fit.contention, AssumedScaling().coherency[2]
    yield Input(
        "scaling", f"{name}: contention", key, str(contention), "measured",
        lambda share: replace(stated.basis, scaling=Usl(1.0, share, law.coherency)), (contention.low, contention.high),
    )  # fmt: skip
    if law.coherency == 0:
        yield Input(
            "scaling", f"{name}: coherency", key, "0, by the fitted law", "assumed",
            lambda share: replace(stated.basis, scaling=Usl(1.0, law.contention, share)), (None, worst), 0.0,
        )  # fmt: skip


def of_service(stated: Stated) -> Iterator[Input]:
    """What production has in common with the tests."""
    basis, service = stated.basis, stated.plan.service
    yield Input(
        "service", "production asks for what the tests asked for: mix, data, caches", "",
        f"{basis.capacity} an instance", "assumed",
        lambda factor: replace(basis, capacity=basis.capacity.scaled(factor)), (HALF, DOUBLE), 1.0,
        times("the capacity tested"),
    )  # fmt: skip
    if stated.in_production:
        yield Input(
            "service", "how much irregular arrivals take is as equal workers behind one queue have it", "",
            "the calibrated service", "assumed", lambda _: stated.of(stated.plan, False), (0.0, None), None,
            lambda _: "the capacity as tested, less a burst",
        )  # fmt: skip
    if "instances_tested" not in service.model_fields_set:
        yield Input(
            "service", "instances behind the address tested", "service.instances_tested", "1, the default", "assumed",
            lambda n: stated.changed("service", instances_tested=round(n)), (None, 2.0), None, instances,
        )  # fmt: skip
    if "instances_running" not in service.model_fields_set:
        yield Input(
            "service", "instances running today", "service.instances_running", "1, the default", "assumed",
            idle="it decides how long today's fleet lasts, not how many are enough",
        )  # fmt: skip
