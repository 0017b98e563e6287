"""What happens beyond capacity: five measured criteria of graceful degradation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from capacity.estimate import Estimate, number
from capacity.evidence.findings import frequencies, percent, seconds
from capacity.evidence.limits import Capacity, Slo
from capacity.evidence.loadtest import LoadTest, matches
from capacity.evidence.overload import REFUSALS, Overload, ended, error_rate, find_overload, more_errors
from capacity.evidence.steps import Step
from capacity.wording import counted, visible

Status = Literal["pass", "fail", "unknown"]

_KEPT = 0.9  # share of the best goodput to keep under overload
_ON_PURPOSE = 0.9  # share of the failures that must be refusals
_BACK_WITHIN = 60.0  # time after which the service must be itself again [s]
_LASTING = 1.25  # P95 relative to the same load before, up to which nothing stayed behind


@dataclass(frozen=True, eq=False)
class Resilience:
    """How a service behaves beyond its capacity.

    Parameters
    ----------
    graceful : bool or None
        Whether all five criteria are met; None where the tests do not show it.
    criteria : DataFrame
        One row a criterion: `criterion`, `requirement`, `measured` (in words), `status` (pass, fail or
        unknown), `test`. Of several tests the worst counts.
    recovery_time : Estimate or None
        From the end of the overload until the service is itself again; open where it never was. [s]
    anatomy : DataFrame
        The periods of the clearest overload, as in `overload.Overload.frame`; empty where none was tested.
    text : str
        The answer in sentences.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> study.resilience.graceful
    False
    >>> print(study.resilience.recovery_time)
    at most 20 s
    """

    graceful: bool | None
    criteria: pd.DataFrame
    recovery_time: Estimate | None
    anatomy: pd.DataFrame
    text: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row a criterion."""
        return self.criteria

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from capacity.display import table

        return table(self.criteria, "Graceful degradation, criterion by criterion")._repr_html_()


def assess_resilience(
    tests: Sequence[LoadTest],
    steps: Mapping[str, Sequence[Step]],
    capacity: Capacity,
    slo: Slo | None = None,
) -> Resilience:
    """Return whether a service degrades gracefully beyond its capacity.

    Under overload goodput stays, what is refused gets an answer, what is accepted is answered in time;
    afterwards the service is soon itself again, and as it was. The periods of the highest load are judged.

    Parameters
    ----------
    tests : sequence of LoadTest
        Runs against one deployment, those that `capacity` rests on.
    steps : mapping of str to sequence of Step
        Their steps, by the name of the test.
    capacity : Capacity
        What `limits.find_limits` found in them.
    slo : Slo, optional
        Objectives; without them accepted requests are not judged.

    Notes
    -----
    How fast a refusal is can only be told from its kind (an answer, not a time-out), because exports do not
    time refusals apart.

    References
    ----------
    .. [1] Beyer et al., Site Reliability Engineering, O'Reilly, 2016, ch. 21 "Handling Overload".

    Examples
    --------
    >>> from capacity.evidence.limits import find_limits
    >>> assess_resilience([], {}, find_limits([], [])).graceful is None
    True
    """
    looked = [find_overload(test, steps.get(test.name, ()), capacity, slo) for test in tests]
    found = [overload for overload in looked if overload is not None]
    if not found:
        return _untested(tests)
    verdicts = {
        name: _worst([judge(overload) for overload in found]) for name, (_, judge) in _CRITERIA.items()
    }
    statuses = {verdict.status for verdict in verdicts.values()}
    graceful = False if "fail" in statuses else True if statuses == {"pass"} else None
    clearest = max(found, key=lambda o: (len(o.periods("after")) > 0, o.offered))
    text = _text(graceful, verdicts, clearest)
    return Resilience(graceful, _criteria(verdicts), verdicts["recovery"].time, clearest.frame, text)


@dataclass(frozen=True)
class _Verdict:
    """Whether one test meets one criterion, and what was measured."""

    status: Status
    measured: str
    test: str = ""
    time: Estimate | None = None


def _goodput(overload: Overload) -> _Verdict:
    kept = float(np.average(overload.heaviest["goodput"], weights=overload.heaviest["span"]))
    best = max(overload.best, kept)
    measured = f"{percent(kept / best)} of the best: {number(kept)} of {number(best)} req/s"
    measured += f", at {number(overload.offered)} req/s offered"
    return _Verdict("pass" if kept >= _KEPT * best else "fail", measured, overload.test.name)


def _refusals(overload: Overload) -> _Verdict:
    test, rows = overload.test, overload.heaviest.index
    codes, errors = test.codes.loc[rows].sum(), test.errors.loc[rows].sum()
    failing = {
        code: n for code, n in codes.items() if matches(int(code), (*test.error_codes, *REFUSALS)) and n
    }
    refused = float(sum(n for code, n in failing.items() if matches(int(code), REFUSALS)))
    failed = float(sum(failing.values()) + test.unanswered.loc[rows].sum())
    if not failed:
        return _Verdict("unknown", "nothing was refused and nothing failed: requests queued", test.name)
    measured = f"{percent(refused / failed)} of {counted(failed, 'failure')}"
    measured += f" ({frequencies(failing | errors.to_dict())})"
    return _Verdict("pass" if refused >= _ON_PURPOSE * failed else "fail", measured, test.name)


def _accepted(overload: Overload) -> _Verdict:
    name, slo = overload.test.name, overload.slo
    if slo is None or not slo.quantiles:
        return _Verdict("unknown", "no objective for response times is given", name)
    told, statuses = [], set()
    for q, limit in sorted(slo.quantiles.items()):
        low, high = _accepted_quantile(overload, q)
        statuses.add("pass" if high <= limit else "fail" if low > limit else "unknown")
        told.append(f"P{100 * q:g} {_range(low, high)} against {seconds(limit)}")
    worst: Status = "fail" if "fail" in statuses else "unknown" if "unknown" in statuses else "pass"
    return _Verdict(worst, ", ".join(told), name)


def _accepted_quantile(overload: Overload, q: float) -> tuple[float, float]:
    """Return what a quantile of the successful answers lies between. [s]

    Where the export does not time them apart, the failures (a share f of the answers) may all have been
    faster, or all slower: the quantile is between those of all answers at q (1 - f) and f + q (1 - f).
    """
    rows, test = overload.heaviest.index, overload.test
    pool = test.mixture(rows)
    if not pool.count:
        return 0.0, math.inf
    if test.separates_success:
        return pool.quantile(q), pool.quantile(q)
    failing = 1 - float(test.good.loc[rows].sum() / test.periods.loc[rows, "responses"].sum())
    return pool.quantile(q * (1 - failing)), pool.quantile(failing + q * (1 - failing))


def _recovery(overload: Overload) -> _Verdict:
    looked = [_recovery_time(overload, last, later) for last, later in overload.episodes()]
    times = [time for time in looked if time is not None]
    name = overload.test.name
    if not times:
        return _Verdict("unknown", "the load did not fall afterwards, or nothing compares to it", name)
    slowest = max(_telling(times, looked[-1]), key=lambda time: (time.low, time.high))
    never = not slowest.bounded
    measured = f"not yet after {number(slowest.low)} s, when the record ends" if never else str(slowest)
    status: Status = (
        "pass" if slowest.high <= _BACK_WITHIN else "fail" if slowest.low >= _BACK_WITHIN else "unknown"
    )
    return _Verdict(status, measured, name, slowest)


def _telling(times: Sequence[Estimate], last: Estimate | None) -> list[Estimate]:
    """Leave out recoveries that the next overload cut short before they were to be over: they tell nothing."""
    telling = [time for time in times if time.bounded or time.low >= _BACK_WITHIN or time is last]
    return telling or list(times)


def _recovery_time(overload: Overload, last: pd.Series, later: pd.DataFrame) -> Estimate | None:
    """Return how long one recovery took, known to within the periods in which it began and ended."""
    if all(overload.is_back(period) is None for _, period in later.iterrows()):
        return None
    method = "periods until errors and P95 are as at the same load before"
    recovering = later[later["state"] == "recovery"]
    end = float(last["start"] + last["span"])
    if len(recovering) == len(later):
        lasted = float((later["start"] + later["span"]).iloc[-1]) - end
        return Estimate.at_least(lasted, unit="s", method=method, provenance="measured")
    low = max(float(recovering["start"].iloc[-1]) - end, 0.0) if len(recovering) else 0.0
    high = float(later["start"].iloc[len(recovering)] - last["start"])
    return Estimate.between(low, high, unit="s", method=method, provenance="measured")


def _hysteresis(overload: Overload) -> _Verdict:
    after = overload.periods("after")
    after = after[[len(overload.same_load(offered)) > 0 for offered in after["offered"]]]
    if after.empty:
        return _Verdict(
            "unknown", "no load was tested both before the overload and after recovery", overload.test.name
        )
    same = pd.concat([overload.same_load(offered) for offered in after["offered"]])
    before = same[~same.index.duplicated()]
    slower, times = _slower(overload.test, before, after)
    was, now = error_rate(before), error_rate(after)
    worse = slower or more_errors(was, now, ended(after))
    measured = f"{times}; errors {percent(was)} before and {percent(now)} after"
    return _Verdict("fail" if worse else "pass", measured, overload.test.name)


def _slower(test: LoadTest, before: pd.DataFrame, after: pd.DataFrame) -> tuple[bool, str]:
    pools = [test.mixture(periods.index) for periods in (before, after)]
    if not all(pool.count for pool in pools):
        return False, "no response times to compare"
    was, now = (pool.estimate(0.95) for pool in pools)
    slower = now.low > was.high and (now.value or 0.0) > _LASTING * (was.value or 0.0)
    return slower, f"P95 {seconds(was.value or 0.0)} before and {seconds(now.value or 0.0)} after"


_CRITERIA: dict[str, tuple[str, Callable[[Overload], _Verdict]]] = {
    "goodput": (f"at least {percent(_KEPT)} of the best goodput remains under overload", _goodput),
    "refusals": (
        f"at least {percent(_ON_PURPOSE)} of the failures are answers {' or '.join(REFUSALS)}, "
        "not time-outs or broken connections",
        _refusals,
    ),
    "accepted requests": ("response times of successful answers stay within the objectives", _accepted),
    "recovery": (
        f"the service is itself again {_BACK_WITHIN:.0f} s after the end of the overload",
        _recovery,
    ),
    "hysteresis": ("the same load gives the same response times and errors as before", _hysteresis),
}


def _range(low: float, high: float) -> str:
    if low == high:
        return seconds(low)
    return f"{seconds(low)} to {seconds(high)}" if math.isfinite(high) else "not measured"


def _worst(verdicts: Sequence[_Verdict]) -> _Verdict:
    """Return the verdict that counts: a failure before a pass before what is not known."""
    gravest: tuple[Status, ...] = ("fail", "pass", "unknown")
    return min(verdicts, key=lambda verdict: gravest.index(verdict.status))


def _criteria(verdicts: Mapping[str, _Verdict]) -> pd.DataFrame:
    columns = ["criterion", "requirement", "measured", "status", "test"]
    rows = [[name, _CRITERIA[name][0], v.measured, v.status, v.test] for name, v in verdicts.items()]
    return pd.DataFrame(rows, columns=columns)


def _text(graceful: bool | None, verdicts: Mapping[str, _Verdict], overload: Overload) -> str:
    at = f"at {number(overload.offered)} req/s offered ({visible(overload.test.name)})"
    if graceful:
        return f"The service degrades gracefully {at}: all {len(verdicts)} criteria are met."
    wanted = "unknown" if graceful is None else "fail"
    told = [
        f"{name.capitalize()}{_elsewhere(v, overload)}: {v.measured}."
        for name, v in verdicts.items()
        if v.status == wanted
    ]
    head = "No criterion of graceful degradation failed, but not all are known,"
    if graceful is False:
        head = "The service does not degrade gracefully"
    return " ".join([f"{head} {at}.", *told])


def _elsewhere(verdict: _Verdict, overload: Overload) -> str:
    """Name the test a verdict comes from where it is another than the one the sentences speak of."""
    return f" ({visible(verdict.test)})" if verdict.test not in ("", overload.test.name) else ""


def _untested(tests: Sequence[LoadTest]) -> Resilience:
    exhausted = [visible(test.name) for test in tests if test.generator_errors.any()]
    reason = "no overload was tested"
    if exhausted:
        reason = f"the load generator failed before the service did ({', '.join(exhausted)})"
    text = (
        f"What happens beyond capacity is not known: {reason}. "
        "Offer 1.5 times the capacity for 60 s, then return to a low load for 120 s."
    )
    verdicts = {name: _Verdict("unknown", reason) for name in _CRITERIA}
    return Resilience(None, _criteria(verdicts), None, pd.DataFrame(), text)
