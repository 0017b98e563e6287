"""What were the answers: successes, errors that count as such, errors that pass for speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from capacity.evidence.findings import Finding, frequencies, named, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest, is_unanswered, matches
from capacity.evidence.steps import Step
from capacity.models.laws import share_interval
from capacity.wording import counted

_SHARE = 0.01  # share of the answers from which errors change what is claimed
_IN_P95 = 0.05  # share of the answers that can make a P95 by itself
_CHANCE = 5  # fewer errors than this may be chance
_MOSTLY = 0.5  # share from which the answers are errors with a few successes between
_NOTICED = 0.1  # relative difference between two percentiles that changes what is quoted
_QUANTUM = 0.002  # differences of response times below this are the clock's [s]
_LOOKS_GOOD = 0.5  # P95 that passes for fast where the plan has no objective [s]
_MOST = 10  # endpoints told one by one, the busiest first
_CONFIDENCE = 0.95  # of the availability that a run without failure supports


def errors_count_as_success(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Error answers whose virtual users completed: the tool's success rate and percentiles include them."""
    codes = _failing(test)
    bad, answered = sum(codes.values()), float(test.periods["responses"].sum())
    if bad < _CHANCE or bad < _SHARE * answered or _failed_by_answer(test) >= (1 - _NOTICED) * bad:
        return
    share, completed, failed = bad / answered, test.totals.get("completed"), test.totals.get("failed")
    told = "the tool takes any answer for a success"
    if completed is not None:
        told = f"the tool counts {completed:,.0f} virtual users as completed"
        told += f" and {failed:,.0f} as failed" if failed is not None else ""
    yield Finding(
        "errors_count_as_success",
        "voids",
        "error rate",
        f"{percent(share)} of the answers were errors ({frequencies(codes)}), yet {told}: "
        "its success rate leaves these errors out.",
        codes
        | {"share": share, "errors": bad, "responses": answered, "completed": completed, "failed": failed},
        "Quote the error rate by status code, and let the script expect the right status.",
        test.name,
        periods=tuple(_rows_with(test, codes)),
    )
    yield from _errors_in_percentiles(test, share)


def _errors_in_percentiles(test: LoadTest, share: float) -> Iterator[Finding]:
    """Error answers whose times are in the percentiles quoted."""
    pairs = {name: (test.summary.get(name), test.good_summary.get(name)) for name in ("p95", "p99")}
    known = {name: (a, g) for name, (a, g) in pairs.items() if a is not None and g is not None}
    remedy = "Quote the response times of successful answers."
    if not known:
        yield Finding(
            "errors_count_as_success",
            "weakens" if share >= _IN_P95 else "notes",
            "response time",
            f"{percent(share)} of the answers were errors and the export does not keep their times apart: "
            "the percentiles mix the times of failing with those of working.",
            {"share": share} | {name: a for name, (a, _) in pairs.items()},
            "Record with Artillery 2.0.21 or later, which separates response times by status class.",
            test.name,
        )
    elif any(abs(a - g) > max(_NOTICED * g, _QUANTUM) for a, g in known.values()):
        told = " and ".join(
            f"{n.upper()} {seconds(g)} in place of {seconds(a)}" for n, (a, g) in known.items()
        )
        yield Finding(
            "errors_count_as_success",
            "voids",
            "response time",
            f"The percentiles of all answers include those of the errors; successful answers have {told}.",
            {"share": share}
            | {name: a for name, (a, _) in known.items()}
            | {f"{name} of successes": g for name, (_, g) in known.items()},
            remedy,
            test.name,
        )


def client_errors(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Answers 401, 404 and the like, which no objective counts as failures, but which do no work either."""
    codes = {str(c): n for c, n in test.codes.sum().items() if _client_error(int(c), test)}
    refused, answered = sum(codes.values()), float(test.periods["responses"].sum())
    if refused < _CHANCE or refused < _SHARE * answered:
        return
    share = refused / answered
    at = {
        name: sum(n for c, n in found.items() if _client_error(c, test))
        for name, found in test.endpoint_codes.items()
    }
    hit = sorted((name for name, n in at.items() if n), key=lambda name: -at[name])
    where = f", at {named(hit)}" if hit else ""
    yield Finding(
        "client_errors",
        "voids" if share >= _MOSTLY else "weakens",
        "capacity",
        f"{percent(share)} of the answers were client errors ({frequencies(codes)}{where}). They count as "
        "served here, but the work behind a success was not done.",
        codes | {"share": share, "errors": refused, "responses": answered},
        "Correct the paths and credentials in the script, or declare these codes as errors in the plan.",
        test.name,
        endpoints=tuple(hit),
    )


def fast_failures(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Endpoints whose good-looking response times are those of their rejections."""
    limit = (slo.quantiles.get(0.95) if slo else None) or _LOOKS_GOOD
    fast = test.endpoints.index[test.endpoints["p95"] <= limit]
    shares = {name: _error_share(test.endpoint_codes.get(name, {})) for name in fast}
    hit = [name for name in fast if shares[name] >= _MOSTLY]
    for name in hit[:_MOST]:
        codes, p95 = test.endpoint_codes[name], float(test.endpoints.loc[name, "p95"])
        errors = {str(code): n for code, n in codes.items() if code >= 400}
        yield Finding(
            "fast_failures",
            "voids",
            "response time",
            f"The P95 of {seconds(p95)} of {named([name])} is that of its errors: {percent(shares[name])} of "
            f"its {counted(sum(codes.values()), 'answer')} were rejections ({frequencies(errors)}). "
            "Nothing is known of how fast it works.",
            errors | {"p95": p95, "share": shares[name], "responses": sum(codes.values())},
            "Make the script send requests that this endpoint accepts, and quote their times.",
            test.name,
            endpoints=(name,),
        )


def checks_failed(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The script's own checks (expectations, captures, matches) failed."""
    checks = test.other.get("checks", {})
    wrong, right = float(checks.get("failed", 0)), float(checks.get("ok", 0))
    other: dict[str, float] = {
        str(name): n for name, n in test.errors.sum().items() if n and not is_unanswered(str(name))
    }
    strange = float(sum(other.values()))
    if not wrong + strange:
        return
    share = wrong / (wrong + right) if wrong else 0.0
    others = strange / max(float(test.totals.get("arrivals") or 0), strange, 1.0)
    kinds = {name.removeprefix("failed."): n for name, n in checks.items() if name.startswith("failed.")}
    told = [f"{counted(wrong, 'expectation')} of {wrong + right:,.0f} ({percent(share)}) failed"] * bool(
        wrong
    )
    told += [f"{frequencies(other)}, at {percent(others)} of the virtual users"] if other else []
    yield Finding(
        "checks_failed",
        "voids" if max(share, others) >= _SHARE else "weakens",
        "error rate",
        f"By the script's own checks the run did not go as intended: {'; '.join(told)}.",
        other | kinds | {"share": max(share, others), "failed": wrong, "ok": right},
        "Read which checks failed, and repair the service or the script before quoting an error rate.",
        test.name,
    )


def availability_sample(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The availability that the requests of the test support, and no more."""
    answered = test.periods["responses"].fillna(0)
    lost = (test.unanswered - test.generator_errors).clip(lower=0)
    failed, ended = answered - test.good + lost, answered + lost
    n, k = float(ended.sum()), float(failed.sum())
    if not answered.sum():
        return
    low, high = _availability(failed.to_numpy(float), ended.to_numpy(float))
    shown = f"of at least {percent(low)}" if not k else f"between {percent(low)} and {percent(high)}"
    yield Finding(
        "availability_sample",
        "notes",
        "availability",
        f"{counted(n, 'request')} {'without a failure' if not k else f'with {k:,.0f} failed'} show an availability "
        f"{shown} ({percent(_CONFIDENCE)} confidence), and only under this load and for the {test.duration:.0f} s "
        "of the test: outages, deployments and repairs are not in it.",
        {"requests": n, "failures": k, "low": low, "high": high, "duration": test.duration},
        "Take availability from monitoring in production, not from a load test.",
        test.name,
        periods=tuple(failed.index[failed > 0]),
    )


def _availability(failed: np.ndarray, requests: np.ndarray) -> tuple[float, float]:
    """Return the interval of the share that succeeds: exact binomial, of as many requests as count independently.

    Without a failure it is one-sided, the rule of three. Failures come in clusters: the sample counts for less by
    the ratio of the variance between periods to the binomial one.

    References
    ----------
    .. [1] Hanley and Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983.
    """
    used = requests > 0
    n, k = float(requests.sum()), float(failed.sum())
    if not k:
        return (1 - _CONFIDENCE) ** (1 / n), 1.0
    share, periods = min(k / n, 1.0), int(used.sum())
    spread = float(((failed - share * requests)[used] ** 2 / requests[used]).sum())
    clustered = spread / (share * (1 - share) * (periods - 1)) if share < 1 and periods > 1 else 1.0
    independent = n / max(clustered, 1.0)
    low, high = share_interval(share * independent, independent, _CONFIDENCE)
    return 1 - high, 1 - low


def _failing(test: LoadTest) -> dict[str, float]:
    return {
        str(code): n for code, n in test.codes.sum().items() if n and matches(int(code), test.error_codes)
    }


def _failed_by_answer(test: LoadTest) -> float:
    """Virtual users that the tool counts as failed although they got an answer."""
    totals = test.totals
    failed = totals.get("failed")
    if failed is None and totals.get("arrivals") is not None and totals.get("completed") is not None:
        failed = totals["arrivals"] - totals["completed"]
    return max((failed or 0.0) - float(test.unanswered.sum()), 0.0)


def _rows_with(test: LoadTest, codes: Mapping[str, float]) -> list[int]:
    hit = test.codes[[code for code in test.codes.columns if str(code) in codes]].sum(axis=1)
    return list(hit.index[hit > 0])


def _client_error(code: int, test: LoadTest) -> bool:
    return 400 <= code < 500 and not matches(code, test.error_codes)


def _error_share(codes: Mapping[int, int]) -> float:
    answered = sum(codes.values())
    return sum(n for code, n in codes.items() if code >= 400) / answered if answered >= 2 * _CHANCE else 0.0


CHECKS = (errors_count_as_success, client_errors, fast_failures, checks_failed, availability_sample)
"""Checks of one test's answers."""
