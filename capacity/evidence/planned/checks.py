"""What the next test should find, as checks of Artillery's plugin `ensure`.

Notes
-----
`ensure` judges a run as a whole, once it is over. What is checked has to hold for all its loads together:

- that the load was offered: users started;
- that the service gave what was predicted: successful answers in all, users failed in all;
- that response times were no longer than predicted: the pooled quantile over all loads with a prediction. Answers at
  other loads (an overload, a load beyond what is known) are counted as slower than any, so the quantile of the run
  that can be predicted is a lower one: with a share w of such answers, the run's q is q / (1 - w) of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.evidence.loadtest import LoadTest

if TYPE_CHECKING:
    from capacity.evidence.next_test import Held, NextTest

ALL, SUCCESSFUL = "http.response_time", "http.response_time.2xx"
"""Artillery's names of the response times of all answers, and of the successful ones."""

_ONLY = 0.999  # share of the successful answers that are 2xx, from which they are all
_STARTED = 0.98  # share of the users planned that have to be started
_ANSWERED = 0.97  # share of the answers predicted that have to come
_TELLING = 0.5  # share of the users that may fail, from which a check of failures tells nothing
_RUN = {"p99": 0.99, "p95": 0.95, "p90": 0.9, "p75": 0.75, "p50": 0.5}  # quantiles Artillery gives of a run
_LAW = np.array([0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999])  # asked of the model
_GRID = 2000  # times at which laws are added
_DEEPEST = 0.99  # quantile of the predicted loads up to which the model is asked
_SKETCHED = 1.01  # accuracy of Artillery's percentiles


def metric_of(tests: Sequence[LoadTest]) -> str:
    """Return the metric of the response times to check: of successful answers where the tests' tool separates them."""
    good = sum(float(test.good.sum()) for test in tests)
    two = sum(float(test.codes[[c for c in test.codes if 200 <= c < 300]].to_numpy().sum()) for test in tests)
    separated = bool(tests) and all(test.separates_success for test in tests)
    return SUCCESSFUL if separated and two >= _ONLY * good else ALL


def ensure(plan: NextTest, per_user: float) -> dict[str, Any]:
    """Return the configuration of `ensure` for a plan whose users send `per_user` requests each."""
    users = _users(plan.phases, per_user)
    answers = "http.responses" if plan.metric == ALL else f"{plan.metric}.count"
    rates = list(zip(plan.expected["goodput"], plan.phases, strict=True))
    answered = sum(good.low * held.duration for good, held in rates)
    served = [held for good, held in rates if good.low >= held.offered * (1 - plan.error_rate)]
    sure = _users(served, per_user)
    failed = math.ceil(plan.error_rate * sure + users - sure)  # where served the share allowed, elsewhere all
    expressions = [
        f"vusers.created >= {math.floor(_STARTED * users)}",
        f"{answers} >= {math.floor(_ANSWERED * answered)}",
    ]
    if failed < _TELLING * users:
        expressions.append(f"vusers.failed <= {failed}")
    return {
        "thresholds": [{name: most} for name, most in predicted(plan).items()],
        "conditions": [{"expression": expression} for expression in expressions],
    }


def _users(phases: Iterable[Held], per_user: float) -> float:
    return sum(held.offered * held.duration for held in phases) / per_user


def predicted(plan: NextTest) -> dict[str, int]:
    """Return the quantile of the whole run that the model predicts, by its name, and the most it may be. [ms]

    The upper end of the predicted interval, pooled over the loads that have a prediction; the highest percentile that
    the share of other answers leaves predictable. Empty without a model.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> predicted(SimpleNamespace(service=None))
    {}
    """
    if plan.service is None:
        return {}
    rows = zip(plan.phases, plan.expected["p95"], strict=True)
    told = [(held, p95.high / p95.value) for held, p95 in rows if p95 is not None and p95.value]
    weights = np.array([held.offered * held.duration for held, _ in told])
    share = float(weights.sum()) / _users(plan.phases, 1.0)
    name = next((name for name, q in _RUN.items() if q <= _DEEPEST * share), None)
    if name is None:
        return {}
    quantile = plan.service.response_time_quantile_at
    laws = [doubt * np.array([quantile(held.offered, q) for q in _LAW]) for held, doubt in told]
    longest = _SKETCHED * _pooled(laws, weights / weights.sum(), _RUN[name] / share)
    return {f"{plan.metric}.{name}": math.ceil(1000 * longest)}


def _pooled(laws: Sequence[np.ndarray], weights: np.ndarray, q: float) -> float:
    """Return the quantile of a mixture of laws known at `_LAW`, each exponential between two of them. [s]"""
    times = np.geomspace(min(law[0] for law in laws), max(law[-1] for law in laws), _GRID)
    depth = -np.log1p(-_LAW)
    survival = sum(w * np.exp(-np.interp(times, law, depth)) for law, w in zip(laws, weights, strict=True))
    return float(np.interp(q, 1 - survival, times))
