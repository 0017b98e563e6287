"""The quantities a claim can be about: what each means, its unit in a plan file, and in which sense it is claimed.

===================== ============ ======== =====================================================================
quantity              value        sense    what is claimed
===================== ============ ======== =====================================================================
p50_ms ... p999_ms    ms           at most  response time that a share of the requests stays within
mean_ms               ms           at most  mean response time
error_rate            fraction     at most  share of the requests that fail
success_rate          fraction     at least share of the requests that succeed
availability          fraction     at least share of the time (or of the requests) in which the service works
capacity              req/s        at least saturation throughput, in successful answers (also saturation_throughput)
slo_capacity          req/s        at least largest load that keeps all objectives of the plan
throughput            req/s        about    answers per second, at a load or sustained in a run
goodput               req/s        about    successful answers per second, at a load or sustained in a run
offered_rate          req/s        about    the rate a test ran at
instances             instances    at most  instances that carry the load given
scaling_efficiency    fraction     about    capacity of several instances per instance, against that of one (1: linear)
recovery_seconds      s            at most  time from the end of an overload until the service is itself again
recovers              true, false  is       whether it is itself again a minute after an overload
graceful_degradation  true, false  is       whether all criteria of graceful degradation are met
===================== ============ ======== =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from capacity.errors import DomainError
from capacity.estimate import number
from capacity.evidence.findings import seconds
from capacity.shown import Shown
from capacity.wording import heading

Sense = Literal["at most", "at least", "about"]
SENSES: tuple[Sense, ...] = get_args(Sense)

Subject = Literal["response time", "error rate", "availability", "capacity", "rate", "fleet", "overload"]
Unit = Literal["s", "fraction", "req/s", "instances", "yes/no"]

TOLERANCE = 0.1
"""How far "about" reaches on both sides, as a fraction of the value claimed."""


@dataclass(frozen=True)
class Quantity(Shown):
    """One quantity that claims are made about.

    Parameters
    ----------
    name : str
        As in a plan file.
    words : str
        As in a sentence.
    subject : str
        What kind of evidence answers for it.
    unit : {"s", "fraction", "req/s", "instances", "yes/no"}
        Unit of its values here.
    sense : {"at most", "at least", "about"}
        In which sense it is claimed where the claim does not say.
    scale : float
        Its unit in a plan file in units here: 0.001 for milliseconds. [1]
    column : str
        Its column in the tables of a test, where it has one.
    load : {"none", "optional", "needed"}
        Whether it can be claimed at a load.
    by_endpoint : bool
        Whether it can be claimed of one endpoint.

    Examples
    --------
    >>> quantity("p95_ms").unit, quantity("p95_ms").sense
    ('s', 'at most')
    """

    name: str
    words: str
    subject: Subject
    unit: Unit
    sense: Sense
    scale: float = 1.0
    column: str = ""
    load: Literal["none", "optional", "needed"] = "none"
    by_endpoint: bool = False

    def write(self, value: float) -> str:
        """Write a value with its unit, which is `unit` [s, fraction, req/s, instances].

        Examples
        --------
        >>> quantity("p95_ms").write(0.0461), quantity("capacity").write(298.0), quantity("recovers").write(1)
        ('46.1 ms', '298 req/s', 'yes')
        """
        match self.unit:
            case "s":
                return seconds(value)
            case "fraction":
                return f"{100 * value:.5g}%"
            case "yes/no":
                return "yes" if value else "no"
            case "instances":
                return f"{value:g} {'instance' if value == 1 else 'instances'}"
        return f"{number(value)} {self.unit}"

    def allows(self, value: float) -> bool:
        """Whether a value can be claimed at all, in the unit of a plan file [`unit` / `scale`]."""
        low, high, _ = _ALLOWED[self.unit]
        if isinstance(value, bool) or self.unit == "yes/no":
            return self.unit == "yes/no" and value in (0, 1)
        whole = self.unit != "instances" or float(value).is_integer()
        return whole and low <= value <= high and (value > 0 or self.unit == "fraction")

    @property
    def allowed(self) -> str:
        """What values can be claimed, in words."""
        return _ALLOWED[self.unit][2] if self.scale == 1 else "milliseconds above 0, at most 3600000"

    @property
    def share(self) -> float | None:
        """Share of the requests that a percentile is about; None of other quantities. [fraction]"""
        return None if not self.column.startswith("p") else float(f"0.{self.column[1:]}")


_ALLOWED: dict[Unit, tuple[float, float, str]] = {
    "s": (0, 3.6e6, "seconds above 0, at most 3600000"),
    "fraction": (0, 1, "a fraction from 0 to 1 (0.01 is 1%)"),
    "req/s": (0, 1e15, "requests a second, above 0"),
    "instances": (1, 1e5, "a whole number of instances, 1 to 100000"),
    "yes/no": (0, 1, "true or false"),
}


_TIMES = {
    **{name: heading(name).split()[0] for name in ("p50", "p75", "p90", "p95", "p99", "p999")},
    "mean": "mean response time",
}

QUANTITIES: dict[str, Quantity] = {
    q.name: q
    for q in (
        *(
            Quantity(f"{name}_ms", said, "response time", "s", "at most", 1e-3, name, "optional", True)
            for name, said in _TIMES.items()
        ),
        Quantity("error_rate", "error rate", "error rate", "fraction", "at most", 1.0, "", "optional", True),
        Quantity(
            "success_rate", "success rate", "error rate", "fraction", "at least", 1.0, "", "optional", True
        ),
        Quantity("availability", "availability", "availability", "fraction", "at least"),
        Quantity("capacity", "capacity", "capacity", "req/s", "at least"),
        Quantity("slo_capacity", "capacity within the objectives", "capacity", "req/s", "at least"),
        Quantity("throughput", "throughput", "rate", "req/s", "about", column="responses", load="optional"),
        Quantity("goodput", "goodput", "rate", "req/s", "about", column="good", load="optional"),
        Quantity("offered_rate", "offered rate", "rate", "req/s", "about", column="sent"),
        Quantity("instances", "number of instances", "fleet", "instances", "at most", load="needed"),
        Quantity("scaling_efficiency", "scaling efficiency", "fleet", "fraction", "about"),
        Quantity("recovery_seconds", "time to recover", "overload", "s", "at most"),
        Quantity("recovers", "recovery after overload", "overload", "yes/no", "about"),
        Quantity("graceful_degradation", "graceful degradation", "overload", "yes/no", "about"),
    )
}
"""Every quantity by its name in a plan file."""

ALIASES = {"saturation_throughput": "capacity"}
"""Other names of the same quantities."""


def quantity(name: str) -> Quantity:
    """Return the quantity of that name.

    Raises
    ------
    DomainError
        If there is none; the message lists them.
    """
    found = QUANTITIES.get(ALIASES.get(name, name))
    if found is None:
        raise DomainError(f"{name!r} is no quantity to claim; allowed: {', '.join((*QUANTITIES, *ALIASES))}")
    return found
