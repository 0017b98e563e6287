"""What a calibrated service adds to what was bracketed: where in between, and how much less in production."""

from __future__ import annotations

from dataclasses import replace

from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.evidence.limits import Capacity
from capacity.evidence.objectives import Slo, binding
from capacity.evidence.service import Service


def refine(capacity: Capacity, service: Service, slo: Slo, dispersion: float = 1.0) -> Capacity:
    """Return a capacity whose SLO capacities are placed by the model, and those of production beside them.

    What the test shows comes first: the model says where between the highest load that kept an objective and the
    lowest that missed it the capacity lies. Where it says something else than the test, the test stands.

    Parameters
    ----------
    capacity : Capacity
        As `find_limits` gives it.
    service : Service
        As `calibrate` gives it; one that is off by more than it may be is left aside.
    slo : Slo
        The objectives.
    dispersion : float
        Variance over mean of production's arrivals; 1 for independent users.
    """
    if not service.accepted or not capacity.slo:
        return capacity
    tested, production = dict(capacity.slo), dict(capacity.slo)
    for q, limit in slo.quantiles.items():
        name = f"p{100 * q:g}"
        try:
            model = service.slo_capacity({q: limit})[name]
        except DomainError as reason:
            tested[name] = production[name] = _infeasible(capacity.slo[name], reason)
            continue
        tested[name] = _placed(capacity.slo[name], model)
        production[name] = _reduced(tested[name], service.production_share(q, limit, dispersion))
    for found in (tested, production):
        found["all"] = binding({name: e for name, e in found.items() if name != "all"})
    return replace(capacity, slo=tested, production=production)


def _placed(bracket: Estimate, model: Estimate) -> Estimate:
    """Return the model's capacity inside the bracket that was measured; where they exclude each other the bracket."""
    low, high = max(bracket.low, model.low), min(bracket.high, model.high)
    if low > high or model.value is None:
        said = f"; the calibrated service says {model}, which this excludes"
        return replace(bracket, method=bracket.method + said)
    method = f"{model.method}; {bracket.method}"
    return replace(bracket, value=min(max(model.value, low), high), low=low, high=high, method=method)


def _reduced(tested: Estimate, share: Estimate) -> Estimate:
    """Return what remains under production's arrivals."""
    value = None if tested.value is None or share.value is None else tested.value * share.value
    low, high = tested.low * share.low, tested.high * share.high
    method = f"{tested.method}; {number(100 * (share.value or share.low))}% of it under {share.method}"
    return replace(tested, value=value, low=low, high=high, method=method)


def _infeasible(bracket: Estimate, reason: DomainError) -> Estimate:
    return replace(bracket, value=None, low=0.0, method=str(reason))
