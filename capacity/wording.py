"""How one value is written for people: its word, its unit, its digits; and text from outside made readable.

`VOCABULARY` is the only place where a column gets its heading and its kind, and `KINDS` where a kind gets its
unit and its digits. Values arrive in seconds, requests and fractions; milliseconds, percent and separators
are made here.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from capacity.estimate import Estimate, money, number


def visible(text: object, limit: int | None = 60) -> str:
    r"""Return text from outside so that it can be read and does nothing else.

    Control and direction characters go, what is no character becomes U+FFFD, white space becomes single spaces,
    a letter keeps four of its marks, and what is longer than `limit` characters ends in an ellipsis.

    Examples
    --------
    >>> visible("GET /a\x1b[31m\u202eb\n")
    'GET /a[31mb'
    >>> visible("x" * 100, limit=5)
    'xxxx…'
    """
    read = "".join(islice(_readable(str(text)), None if limit is None else limit + 2)).rstrip()
    return read if limit is None or len(read) <= limit else read[: limit - 1].rstrip() + "…"


_MOST_MARKS = 4  # on one letter: more would cover the lines around


def _readable(raw: str) -> Iterator[str]:
    before, marks = " ", 0
    for character in filter(None, map(_visible_character, raw)):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= _MOST_MARKS and not before == character == " ":
            yield character
            before = character


def _visible_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs" or _is_no_character(ord(character)):
        return "\ufffd"
    if character.isspace():
        return " "
    return "" if category in {"Cc", "Cf"} else character


def _is_no_character(point: int) -> bool:
    """Whether Unicode sets a number aside for good: XML and YAML do not take it."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


@dataclass(frozen=True)
class Kind:
    """How one kind of quantity is written: its unit in headings, and a number as text."""

    unit: str
    write: Callable[[Any], str]
    numeric: bool = True


def _fixed(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _milliseconds(seconds: float) -> str:
    return _fixed(1000 * seconds)


def _percent(fraction: float) -> str:
    if 0.99 < fraction < 1:  # 99.95 is not 100
        nines = -math.floor(math.log10(1 - fraction))
        return f"{100 * fraction:.{max(3, nines)}g}"
    return _fixed(100 * fraction)


def _count(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else number(value)


def _money(value: float) -> str:
    return f"{value:,.2f}" if abs(value) < 100 and not float(value).is_integer() else money(float(value))


def _size(value: float) -> str:
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{number(value)} {unit}"
        value /= 1000
    return f"{number(value)} GB"


def _utc(value: Any) -> dt.datetime:
    if isinstance(value, (int, float)):
        return dt.datetime.fromtimestamp(value, dt.UTC)
    return value.astimezone(dt.UTC) if value.tzinfo else value


def _moment(value: Any) -> str:
    return f"{_utc(value):%Y-%m-%d %H:%M:%S}"


def _day(value: Any) -> str:
    return f"{_utc(value):%Y-%m-%d}" if isinstance(value, dt.datetime) else str(value)


def _yes_no(value: Any) -> str:
    return "yes" if value else "no"


def _named_values(value: Any) -> str:
    if not isinstance(value, dict):
        return visible(value, 400)
    return visible("; ".join(f"{key} = {plain(item)}" for key, item in value.items()), 400)


KINDS = {
    "ms": Kind("ms", _milliseconds),
    "s": Kind("s", number),
    "%": Kind("%", _percent),
    "req/s": Kind("req/s", number),
    "users/s": Kind("users/s", number),
    "count": Kind("", _count),
    "number": Kind("", number),
    "months": Kind("months", number),
    "money": Kind("", _money),
    "size": Kind("", _size),
    "moment": Kind("UTC", _moment, numeric=False),
    "day": Kind("", _day, numeric=False),
    "yes/no": Kind("", _yes_no, numeric=False),
    "checksum": Kind("", lambda value: visible(value, None)[:12], numeric=False),
    "name": Kind("", visible, numeric=False),
    "identifier": Kind("", lambda value: spoken(visible(value)), numeric=False),
    "sentence": Kind("", lambda value: visible(value, 600), numeric=False),
    "values": Kind("", _named_values, numeric=False),
}

_COLUMNS_BY_KIND = {
    "ms": {
        "mean": "mean", "p50": "P50", "p75": "P75", "p90": "P90", "p95": "P95", "p99": "P99", "p999": "P99.9",
        "min": "least", "max": "most", "median": "median", "response_time": "response time",
        "waiting_time": "waiting time", "service_time": "service time",
        "service_demand": "service demand", "think_time": "think time", "objective": "objective",
        "predicted_mean": "mean, model", "predicted_p50": "P50, model", "predicted_p95": "P95, model",
        "predicted_p99": "P99, model", "p95_in_production": "P95 in production",
    },
    "s": {
        "start": "start", "end": "end", "span": "span", "duration": "duration",
        "recovery_time": "recovery time",
    },
    "%": {
        "error_rate": "errors", "utilization": "utilization", "headroom": "headroom",
        "availability": "availability", "wait_probability": "chance to wait",
        "blocking_probability": "chance of refusal", "share": "share", "growth": "growth a month",
        "growth_per_month": "growth a month", "risk": "risk", "level": "confidence", "probability": "chance",
        "probability_missed": "chance to miss the SLO", "irr": "rate of return",
        "discount_rate": "discount rate a year", "retry_budget": "retry budget",
        "probability_gain": "chance to pay",
        "variance_share": "share of the spread", "mean_error": "mean, model off by",
        "p50_error": "P50, model off by", "p95_error": "P95, model off by", "p99_error": "P99, model off by",
    },
    "req/s": {
        "offered": "offered", "throughput": "completed", "goodput": "good",
        "saturation_throughput": "saturation", "peak_throughput": "peak throughput", "capacity": "capacity",
        "service_rate": "service rate", "unit_throughput": "one at a time", "demand": "demand",
        "peak": "peak", "peak_demand": "peak demand", "slo_capacity": "within SLO", "load": "load",
        "safe_load": "safe load", "safe_load_low": "safe load, low", "safe_load_high": "safe load, high",
        "reduction": "taken off", "expected_shortfall": "expected shortfall",
        "fitted": "by the law", "promised": "promised today",
        "capacity_alone": "capacity, alone", "capacity_last": "capacity, done last",
    },
    "users/s": {"arrival_rate": "arrivals"},
    "count": {
        "arrivals": "arrivals", "requests": "requests", "responses": "responses", "good": "good",
        "running": "instances now", "needed": "instances needed",
        "failures": "failures", "errors": "errors", "count": "count", "instances": "instances",
        "servers": "servers", "periods": "periods", "spare_instances": "spare", "n": "n",
    },
    "number": {
        "concurrency": "in progress", "queue_length": "queue", "offered_load": "offered load",
        "contention": "contention α", "coherency": "coherency β", "peak_concurrency": "peak concurrency",
        "multiplier": "factor", "room": "does up to, times the peaks", "parallelism": "parallelism",
        "mean_instances": "running on average",
        "shortage_over_surplus": "a miss worth so many idle",
    },
    "months": {"runway": "runway", "payback": "payback"},
    "money": {
        "cost": "cost", "cost_per_month": "cost a month", "npv": "net present value",
        "investment": "investment", "stand_alone": "saved a year, alone",
        "in_order": "saved a year, in order", "last_in": "saved a year, done last",
        "shapley": "saved a year, Shapley share", "rent_per_month": "rent a month",
        "loss_per_month": "lost a month", "regret_per_month": "regret a month, 1 in 20", "worth": "worth at most",
        "rent_now": "rent a month now", "rent_needed": "rent a month, needed", "rent_more": "more a month",
        "work_worth": "worth of the work", "worth_knowing": "worth knowing",
        "at_low": "worth at its low end", "at_high": "worth at its high end",
    },
    "size": {"size": "size"},
    "moment": {"time": "time", "timestamp": "time", "started": "start"},
    "day": {"date": "date"},
    "yes/no": {"steady": "steady", "saturated": "saturated", "ok": "met"},
    "checksum": {"sha256": "SHA-256"},
    "identifier": {"lever": "work", "input": "input"},
    "values": {"evidence": "evidence"},
    "sentence": {
        "message": "finding", "remedy": "remedy", "why": "why", "reason": "why", "text": "text",
        "meaning": "meaning", "action": "action", "method": "method",
        "criterion": "criterion", "harm": "harm", "verdict": "verdict", "policy": "policy",
        "if_lower": "answer if lower", "if_higher": "answer if higher", "errs": "the answer errs",
        "requirement": "required", "measured": "found", "supported": "what the data support", "purpose": "purpose",
    },
}  # fmt: skip

VOCABULARY: dict[str, tuple[str, str]] = {
    column: (heading, kind)
    for kind, columns in _COLUMNS_BY_KIND.items()
    for column, heading in columns.items()
}
"""Column name -> heading and kind of quantity (a key of `KINDS`, which knows unit and format)."""


def heading(column: object) -> str:
    """Return the heading of a column: its word and, in brackets, its unit.

    Examples
    --------
    >>> heading("p95"), heading("error_rate"), heading("connect_pool")
    ('P95 [ms]', 'errors [%]', 'connect pool')
    """
    word, kind = VOCABULARY.get(str(column), (spoken(column), ""))
    unit = KINDS[kind].unit if kind else ""
    return f"{word} [{unit}]" if unit else word


def counted(n: float, one: str, many: str | None = None) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "instance"), counted(1200, "instance")
    ('1 instance', '1,200 instances')
    """
    return f"{n:,.0f} {one if n == 1 else many or one + 's'}"


def spoken(name: object) -> str:
    """Write a name from a plan file or from code as words.

    Examples
    --------
    >>> spoken("connection_pool"), spoken("apm.detect_factor"), spoken("blue_green")
    ('connection pool', 'APM: detect factor', 'blue-green')
    """
    text = visible(name)
    parts = text.split(".") if _DOTTED.fullmatch(text) else [text]
    return ": ".join(map(_words, parts))


_ACRONYMS = {
    "apm": "APM",
    "cpu": "CPU",
    "csrf": "CSRF",
    "dns": "DNS",
    "npv": "NPV",
    "rfc7807": "RFC 7807",
    "tls": "TLS",
}
_DOTTED = re.compile(r"[a-z]\w*\.[a-z]\w*", re.ASCII)


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("blue green", "blue-green")
    return " ".join(_ACRONYMS.get(word, word) for word in words.split(" "))


def in_currency(caption: str, currency: str | None) -> str:
    """Say in a caption what its money is in; nothing is said where no currency is stated.

    Examples
    --------
    >>> in_currency("Fleet sizes", "EUR"), in_currency("Fleet sizes", None)
    ('Fleet sizes; money in EUR', 'Fleet sizes')
    """
    return f"{caption}; money in {currency}" if currency else caption


def percent(share: float) -> str:
    """Write a share that somebody stated as percent, with all the digits stated: a small one is not none.

    Examples
    --------
    >>> percent(0.05), percent(0.125), percent(0.9995), percent(1e-6), percent(0.07)
    ('5%', '12.5%', '99.95%', '0.0001%', '7%')
    """
    return f"{100 * share:.10g}%"


def listed(names: Sequence[str]) -> str:
    """Write names as a list in a sentence.

    Examples
    --------
    >>> listed(["retries", "APM", "tracing"]), listed(["retries"])
    ('retries, APM and tracing', 'retries')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def paragraphs(*texts: Sequence[str] | str) -> str:
    """Join sentences into paragraphs, a blank line between them; empty ones are left out.

    Examples
    --------
    >>> paragraphs(["It will do.", "For a year."], [], "Not modelled: bursts.").splitlines()
    ['It will do. For a year.', '', 'Not modelled: bursts.']
    """
    joined = (text if isinstance(text, str) else " ".join(text) for text in texts)
    return "\n\n".join(filter(None, joined))


def sentence(text: str) -> str:
    """Write a clause with a capital and a full stop.

    Examples
    --------
    >>> sentence("give a traffic history"), sentence("")
    ('Give a traffic history.', '')
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def plain(value: object, column: object = None) -> str:
    """Write one value as the column of that name shows it; a missing value is an en dash.

    Examples
    --------
    >>> plain(0.0461, "p95"), plain(0.0125, "error_rate"), plain(None)
    ('46.1', '1.2', '–')
    >>> plain(Estimate(0.25, 0.2, 0.3, unit="s", method="", provenance="measured"))
    '250 ms (200 to 300)'
    """
    if is_missing(value):
        return "–"
    kind = KINDS.get(VOCABULARY.get(str(column), ("", ""))[1])
    if isinstance(value, Estimate):
        return _estimate(value, kind)
    if kind is None or not _fits(value, kind):
        return _by_type(value)
    return _bounded(value, kind.write) if kind.numeric else kind.write(value)


def _fits(value: object, kind: Kind) -> bool:
    if kind.numeric:
        return is_number(value)
    return hasattr(value, "isoformat") if kind.write in (_moment, _day) else True


def _by_type(value: object) -> str:
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return _yes_no(value)
    if is_number(value):
        return _bounded(value, _count)
    if isinstance(value, dt.datetime):
        return _moment(value)
    return _named_values(value) if isinstance(value, dict) else visible(value, 600)


def is_number(value: object) -> bool:
    """Whether a value is a quantity: booleans and text are not."""
    return hasattr(value, "__float__") and type(value).__name__ not in {"bool", "bool_"}


def _bounded(value: Any, write: Callable[[Any], str]) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return write(value).replace("-", "−")


def _estimate(estimate: Estimate, kind: Kind | None) -> str:
    """Write the interval as its column does; without a column that fits, with the estimate's own unit."""
    if kind is None or not kind.numeric:
        if estimate.unit != "s" or max(_known(estimate)) >= 10:
            return str(estimate)
        return _interval(estimate, _short_milliseconds, " ms")
    if kind is KINDS["money"] and estimate.bounded:
        return money(estimate).replace("-", "−")
    write = _short_milliseconds if kind is KINDS["ms"] else kind.write
    return _interval(estimate, write, "" if kind.unit else f" {estimate.unit}".rstrip())


def _short_milliseconds(seconds: float) -> str:
    return number(1000 * seconds)


def _known(estimate: Estimate) -> list[float]:
    bounds = (estimate.value, estimate.low, estimate.high)
    return [abs(bound) for bound in bounds if bound is not None and math.isfinite(bound)] or [0.0]


def _interval(estimate: Estimate, write: Callable[[float], str], unit: str) -> str:
    low, high = estimate.low, estimate.high
    if not math.isfinite(high):
        return f"at least {_bounded(low, write)}{unit}"
    if estimate.value is None:
        return f"{_bounded(low, write)} to {write(high)}{unit}" if low > 0 else f"at most {write(high)}{unit}"
    value = f"{_bounded(estimate.value, write)}{unit}"
    return value if low == high else f"{value} ({_bounded(low, write)} to {_bounded(high, write)})"


def is_missing(value: object) -> bool:
    """Whether there is nothing to show: None, NaN, NaT or pandas' NA."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and math.isnan(value)
