"""A load test made by hand, for all tests of checks."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from capacity.evidence.loadtest import SUMMARY, LoadTest, empty_times

SPAN = 10.0


def summary(count, p50=0.05, p95=0.1, p99=0.15, largest=0.2):
    """Return a summary of response times that rises evenly."""
    return {
        "count": float(count), "min": p50 / 10, "mean": p50, "p50": p50, "p75": (p50 + p95) / 2,
        "p90": (p50 + 3 * p95) / 4, "p95": p95, "p99": p99, "p999": largest, "max": largest,
    }  # fmt: skip


def per_period(counts, rows):
    """Return counts, one or a list for each name, as a row a period."""
    return pd.DataFrame({name: np.broadcast_to(n, rows) for name, n in counts.items()}, index=range(rows))


def build(
    rates=(20.0,) * 6,
    *,
    codes=None,
    errors=None,
    good=None,
    endpoints=None,
    endpoint_codes=None,
    times=None,
    **other,
):
    """Return a test of 10 s periods at `rates` req/s; `codes` and `errors` are counts per period."""
    rows = len(rates)
    requests = np.asarray(rates) * SPAN
    lost = per_period(errors or {}, rows)
    answered = per_period(codes or {200: requests - lost.sum(axis=1)}, rows).astype(int)
    responses = answered.sum(axis=1).astype(float)
    frame = {"start": SPAN * np.arange(rows), "span": SPAN, "arrivals": requests, "requests": requests}
    whole, sent = summary(responses.sum(), **(times or {})), float(requests.sum())
    table = pd.DataFrame.from_dict(
        endpoints or {}, orient="index", columns=[*SUMMARY, "requests", "failures"]
    )
    fields = {
        "name": "run", "file": "run.json", "tool": "artillery", "dialect": "v2", "sha256": "", "size": 0,
        "start": datetime(2026, 1, 28, tzinfo=UTC),
        "periods": pd.DataFrame({**frame, "responses": responses, "dropped": 0.0}),
        "codes": answered, "errors": lost.astype(int),
        "times": pd.DataFrame([summary(n, **(times or {})) for n in responses]),
        "good_times": pd.DataFrame([summary(n, **good) for n in responses]) if good else empty_times(0),
        "endpoints": table.astype(float), "endpoint_codes": endpoint_codes or {},
        "summary": whole,
        "good_summary": summary(responses.sum(), **good) if good else dict.fromkeys(SUMMARY),
        "totals": {
            "requests": sent, "responses": whole["count"], "arrivals": sent, "dropped": None,
            "completed": whole["count"], "failed": float(lost.to_numpy().sum()),
            "errors": lost.sum().to_dict(), "codes": answered.sum().to_dict(),
        },
    }  # fmt: skip
    return LoadTest(**{**fields, **other})


@pytest.fixture(scope="session")
def make_test():
    """Build a load test by hand."""
    return build


@pytest.fixture(scope="session")
def make_summary():
    """Build a summary of response times by hand."""
    return summary
