"""What can go wrong, each with the exit code the command line gives it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

_WORST_FIRST = (6, 5, 1, 75, 74, 3, 2, 0)
"""Exit codes, as the command line explains them."""


class CapacityError(Exception):
    """Anything this package refuses. The message says what came, what is allowed and what to do.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.MMc(arrival_rate=400, service_rate=37.5, servers=8)
    ... except cap.CapacityError as refusal:
    ...     print(refusal.exit_code, refusal.servers_needed)
    3 11
    """

    exit_code = 1


class UsageError(CapacityError):
    """The command line, a notebook parameter or the plan file asks for something that does not exist.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.load_plan("data/storefront/no-such-plan.toml")
    ... except cap.UsageError as refusal:
    ...     refusal.exit_code
    2
    """

    exit_code = 2


class InputError(CapacityError):
    """A data file cannot be used.

    Parameters
    ----------
    message : str
        What came, what is allowed, what to do.
    file : str or Path, optional
        The file concerned.
    place : str, optional
        Where in the file: a line, a byte, a key such as ``intermediate[3].counters``.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.read("data/storefront/basic.yml")
    ... except cap.InputError as refusal:
    ...     refusal.exit_code
    3
    """

    exit_code = 3

    def __init__(self, message: str, *, file: str | Path | None = None, place: str | None = None) -> None:
        self.file = None if file is None else " ".join(str(file).split())
        self.place = place
        super().__init__(": ".join(part for part in (self.file, place, message) if part))


class DomainError(CapacityError, ValueError):
    """A formula was asked outside the values it holds for.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.MMc(arrival_rate=250, service_rate=37.5, servers=8).response_time_quantile(95)
    ... except cap.DomainError as refusal:
    ...     print(refusal)
    quantile 95 does not lie between 0 and 1; write 95% as 0.95
    """

    exit_code = 3


class Unstable(DomainError):  # noqa: N818 - the field's word for it
    """More work arrives than the servers can do, so no steady state exists.

    Parameters
    ----------
    arrival_rate : float
        Offered rate. [req/s]
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        Servers present. [servers]
    where : str
        Station or class it is about, where there are several.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.MMc(arrival_rate=400, service_rate=37.5, servers=8)
    ... except cap.Unstable as refusal:
    ...     print(round(refusal.utilization, 2), refusal.servers_needed)  # [fraction], [servers]
    1.33 11
    """

    def __init__(self, arrival_rate: float, service_rate: float, servers: int, where: str = "") -> None:
        self.utilization = arrival_rate / (servers * service_rate)
        self.servers_needed = math.floor(arrival_rate / service_rate) + 1
        place = f"{where}: " if where else ""
        super().__init__(
            f"{place}arrival rate {arrival_rate:g} req/s is not below the capacity of {servers} servers "
            f"({servers * service_rate:g} req/s, utilization {self.utilization:.3g}); "
            f"use at least {self.servers_needed} servers or lower the rate"
        )


class NotIdentified(DomainError):  # noqa: N818 - the field's word for it
    """The data do not determine the quantity asked for; the message says which data would.

    Examples
    --------
    >>> import capacity as cap
    >>> try:
    ...     cap.Usl.fit([1, 2], [300, 570])  # two loads, three parameters
    ... except cap.NotIdentified as refusal:
    ...     print(str(refusal).partition(";")[0])
    USL has 3 parameters and needs at least 6 distinct concurrency levels
    """


def told(problem: Exception) -> tuple[str, int]:
    """Say what a problem is, and with which exit code; what nobody refused is a fault of ours.

    Examples
    --------
    >>> told(InputError("cut off", file="a.json"))
    ('a.json: cut off', 3)
    >>> told(OSError(28, "No space left on device", "report"))
    ('report: No space left on device', 74)
    >>> told(KeyError("x"))
    ("fault in capacity, please report it: KeyError: 'x'", 1)
    """
    if isinstance(problem, CapacityError):
        return str(problem), problem.exit_code
    if isinstance(problem, OSError):
        return f"{problem.filename or 'file system'}: {problem.strerror or problem}", 74
    return f"fault in capacity, please report it: {type(problem).__name__}: {problem}", 1


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of what went worst: a run of many leaves with it.

    Examples
    --------
    >>> worst([0, 2, 74]), worst([0, 0])
    (74, 0)
    """
    return min(codes, key=_WORST_FIRST.index)
