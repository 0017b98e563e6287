"""A claim without the plan file around it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """What a plan's claim has."""

    quantity: str
    value: float
    load: float | None = None
    endpoint: str | None = None
    run: str | None = None
    sense: str | None = None
    tolerance: float | None = None
