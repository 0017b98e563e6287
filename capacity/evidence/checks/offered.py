"""Was the load that was asked for really offered: against the script where given, else within a held load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artillery_results_parser import Script
from artillery_results_parser.phase import Phase
from capacity.estimate import number
from capacity.evidence.findings import Finding, named, percent
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step, script_fits
from capacity.wording import counted, visible

_TRACE = 0.01  # share of the users not started from which the load is not what the script says
_KEPT = 0.02  # relative difference of two rates that is none
_GRAVE = 0.1  # relative difference from which a script's rates cannot be quoted
_EDGE = 0.5  # arrivals are not to the millisecond, nor is the beginning of a phase [s]
_FEW = 2.0  # virtual users by which two counts may differ [virtual users]
_SOME = 5.0  # virtual users that have to be late to speak of it [virtual users]
_LATE = 2.0  # delay of arrivals that is more than the tool's own unevenness [s]
_WHOLE = 0.8  # share of the usual span from which a period is whole
_NOISE = 4.0  # standard deviations of a count beyond which a period's load is not chance
_UNEVEN = 0.05  # relative difference of one period's load from its neighbours' that is more than timing
_LEVEL = 2  # periods on either side that show the load held


@dataclass(frozen=True)
class _Offered:
    """One phase: virtual users asked for and come, over whole periods inside it."""

    phase: Phase
    rows: tuple[int, ...]
    asked: float
    came: float
    duration: float

    @property
    def short(self) -> float:
        """Share of the users missing, negative where more came; 0 where the difference may be timing."""
        tolerated = max(_KEPT * self.asked, _FEW + _EDGE * self.asked / self.duration)
        return (self.asked - self.came) / self.asked if abs(self.asked - self.came) > tolerated else 0.0

    def __str__(self) -> str:
        name = f"{visible(self.phase.name, 30)}: " if self.phase.name else ""
        asked, came = number(self.asked / self.duration), number(self.came / self.duration)
        return f"{name}{came} of {asked} virtual users/s, from {self.phase.start:.0f} s on"


def users_dropped(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Virtual users were not started because too many were active."""
    dropped = float(test.totals.get("dropped") or test.periods["dropped"].sum())
    if not dropped:
        return
    started = float(test.totals.get("arrivals") or test.periods["arrivals"].sum())
    share = dropped / (started + dropped)
    yield Finding(
        "users_dropped",
        "voids" if share >= _TRACE else "weakens",
        "offered load",
        f"{counted(dropped, 'virtual user')} of {started + dropped:,.0f} ({percent(share)}) never started, "
        "because the script's maximum of active users was reached: the load offered was lower than the "
        "script's.",
        {"share": share, "dropped": dropped, "arrivals": started},
        "Raise maxVusers or remove it, and quote the rate that was offered rather than the script's.",
        test.name,
        periods=tuple(test.periods.index[test.periods["dropped"] > 0]),
    )


def script_differs(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """The script lasts clearly longer or shorter than the run."""
    if script is None or not _scheduled(script) or test.start is None or script_fits(test, script):
        return
    loaded = test.periods[test.periods["arrivals"].fillna(0) > 0]
    if loaded.empty:
        return
    lasted = float((loaded["start"] + loaded["span"]).iloc[-1] - loaded["start"].iloc[0])
    asked = script.duration - _scheduled(script)[0].start
    yield Finding(
        "script_differs",
        "weakens",
        "offered load",
        f"The script asks for {number(asked)} s of load and the run had {number(lasted)} s: the run was broken "
        "off or held up, or the script is not the one behind it. The script's phases were not used.",
        {"scripted": asked, "duration": lasted},
        "Give the script that made this run, or repeat the run to its end.",
        test.name,
    )


def rate_not_kept(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Phases in which clearly fewer or more virtual users came than the script asks for."""
    found = [part for part in _phases(test, script) if part.short]
    if not found:
        return
    worst = max(found, key=lambda part: abs(part.asked - part.came))
    fewer = worst.short > 0
    yield Finding(
        "rate_not_kept",
        "voids" if abs(worst.short) >= _GRAVE else "weakens",
        "offered load",
        f"In {counted(len(found), 'phase')} the load was not the script's ({named(map(str, found))}): "
        + (
            "the generator could not keep the rate, so results belong to the lower load."
            if fewer
            else "several workers each ran it, or other phases were laid over it, so results belong to the higher load."
        ),
        {
            "phases": len(found),
            "asked": worst.asked / worst.duration,
            "came": worst.came / worst.duration,
            "share": abs(worst.short),
        },
        "Quote the rate that was offered; share the load among more generators to reach the script's."
        if fewer
        else "Quote the rate that was offered, and give the script with the environment and workers of the run.",
        test.name,
        periods=tuple(row for part in found for row in part.rows),
    )


def arrivals_late(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Virtual users that all came, but after the script's time."""
    asked, came = _cumulated(test, script)
    if not len(asked) or abs(asked[-1] - came[-1]) > max(_KEPT * asked[-1], _FEW):
        return
    missing = asked - came - max(asked[-1] - came[-1], 0.0)
    delay = _ends(test) - np.interp(asked - missing, asked, _ends(test))  # since the script wanted so many
    late = (delay > _LATE) & (missing >= _SOME)
    if not late.any():
        return
    worst = int(np.where(late, delay, 0).argmax())
    yield Finding(
        "arrivals_late",
        "weakens",
        "offered load",
        f"Virtual users came up to {delay[worst]:.0f} s later than the script asks for: "
        f"{counted(missing[worst], 'user')} behind after {_ends(test)[worst]:.0f} s, made up for later. "
        "The generator stalled, so the load was first lower and then higher than the script's.",
        {"delay": delay[worst], "behind": missing[worst], "at": _ends(test)[worst]},
        "Share the load among more generators, and quote rates period by period.",
        test.name,
        periods=tuple(test.periods.index[late]),
    )


def load_stuttered(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Within a held load single periods had clearly fewer arrivals than those before and after."""
    dips = _dips(test) if test.start is not None else []  # else how long a period was is not known
    if not dips:
        return
    row, level, rate = min(dips, key=lambda dip: dip[2] / dip[1])
    begin = float(test.periods["start"].loc[row])
    yield Finding(
        "load_stuttered",
        "weakens",
        "offered load",
        f"The generator did not hold its rate: {counted(len(dips), 'period')} had fewer arrivals than those "
        f"beside, the worst {number(rate)} in place of {number(level)} virtual users/s at {begin:.0f} s. "
        "Answers of such a period look better than the load held before and after would give.",
        {"periods": len(dips), "rate": rate, "held": level, "share": 1 - rate / level},
        "Share the load among more generators, and leave these periods out.",
        test.name,
        periods=tuple(row for row, _, _ in dips),
    )


def time_out(script: Script | None) -> float | None:
    """Return how long the script's virtual users wait for an answer, where it says so. [s]"""
    return None if script is None else script.timeout


def belongs(test: LoadTest, script: Script) -> bool:
    """Whether a script can be the one behind a run whose times are known."""
    return test.start is not None and script_fits(test, script)


def _scheduled(script: Script) -> list[Phase]:
    return [phase for phase in script.phases if phase.kind != "pause" and phase.duration]


def _ends(test: LoadTest) -> np.ndarray:
    return (test.periods["start"] + test.periods["span"]).to_numpy(float)


def _users(test: LoadTest) -> pd.Series:
    """Virtual users started, and those held back by the script's own limit, per period."""
    return test.periods["arrivals"].fillna(0) + test.periods["dropped"].fillna(0)


def asked_between(script: Script, begin: float, end: float) -> float:
    """Virtual users that a script starts between two times from its first load on."""
    total = 0.0
    for phase in _scheduled(script):
        first, last = max(begin, phase.start), min(end, phase.end)
        total += max(last - first, 0.0) * phase.rate_at((first + last) / 2)  # exact: rates are straight lines
    return total


def _phases(test: LoadTest, script: Script | None) -> list[_Offered]:
    """Return what each phase asked for and got, where the script is the run's."""
    if script is None or not belongs(test, script):
        return []
    users, starts, ends = _users(test), test.periods["start"], test.periods["start"] + test.periods["span"]
    origin, parts = _scheduled(script)[0].start, []
    for phase in _scheduled(script):
        inside = (starts >= phase.start - origin - _EDGE) & (ends <= phase.end - origin + _EDGE)
        rows = tuple(int(row) for row in test.periods.index[inside])
        if rows:
            begin, end = float(starts[rows[0]]) + origin, float(ends[rows[-1]]) + origin
            asked = asked_between(script, max(begin, phase.start), min(end, phase.end))
            parts.append(_Offered(phase, rows, asked, float(users.loc[list(rows)].sum()), end - begin))
    return [part for part in parts if part.asked > 0 and part.duration > 0]


def _cumulated(test: LoadTest, script: Script | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the virtual users that the script wanted, and that came, by the end of each period."""
    if script is None or not belongs(test, script):
        return np.empty(0), np.empty(0)
    origin = _scheduled(script)[0].start
    asked = [asked_between(script, origin, origin + end) for end in _ends(test)]
    return np.array(asked), _users(test).cumsum().to_numpy(float)


def _dips(test: LoadTest) -> list[tuple[int, float, float]]:
    """Return (row, rate held, rate) of periods with clearly fewer arrivals than the same load on both sides."""
    spans = test.periods["span"]
    whole = test.periods[spans >= _WHOLE * spans.median()]
    rates = (_users(test)[whole.index] / whole["span"]).to_numpy(float)
    found = []
    for i in range(_LEVEL, len(rates) - _LEVEL):
        beside = np.concatenate([rates[i - _LEVEL : i], rates[i + 1 : i + 1 + _LEVEL]])
        level, span = float(beside.mean()), float(whole["span"].iloc[i])
        held = np.ptp(beside) <= max(_KEPT * level, _NOISE / 2 * np.sqrt(level / span))
        least = level - max(_UNEVEN * level, _NOISE * np.sqrt(level / span))
        if held and rates[i] < least:
            found.append((int(whole.index[i]), level, float(rates[i])))
    return found


CHECKS_WITH_SCRIPT = (script_differs, rate_not_kept, arrivals_late, load_stuttered)
"""Checks of the load that was offered; besides, `users_dropped` holds for any test."""
