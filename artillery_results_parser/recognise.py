"""What a file that is not an Artillery report probably is, so that the refusal can say where to go."""

from __future__ import annotations

import re
from typing import Any

_BY_TEXT = (
    (rb"^\x1f\x8b", "this is gzip inside gzip; unpack it once"),
    (rb"^PK\x03\x04", "this is a zip archive; unpack it and give the file inside"),
    (rb"^\x89PNG|^\xff\xd8\xff|^%PDF|^\x7fELF", "this is a picture, document or program"),
    (rb"^\x00\x00", "this is binary; a Gatling simulation.log or a Vegeta results.bin?"),
    (rb"^\s*<\?xml|^\s*<testResults", "this is XML; a JMeter JTL?"),
    (rb"(?i)^\s*<(!doctype html|html)", "this is HTML; give the JSON the page was made from"),
    (rb'^"?(timeStamp|timestamp)"?[,;\t]"?elapsed', "this is a JMeter JTL in CSV"),
    (rb"^metric_name,timestamp", "this is a k6 CSV"),
    (rb'^"?(Type|Timestamp|Method|Count)"?,"?(Name|User Count|Message)', "this is a Locust CSV"),
    (rb"^response-time,|^request-start,", "this is a CSV of hey or oha"),
    (rb"^(RUN|ASSERTION|USER|REQUEST)\t", "this is a Gatling simulation.log"),
    (rb"^Running \d+\w+ test @", "this is the output of wrk"),
    (
        rb"(?m)^(Test run id: |Phase started: |All VUs finished)",
        "this is Artillery's console output; run with -o FILE",
    ),
    (
        rb"(?m)\A(---\s*|\s*#[^\n]*\n|\s*\n)*config:",
        "this is an Artillery script; give the report of the run (-o FILE)",
    ),
    (rb'^\s*\{\s*"(type|metric|data)"\s*:', "this is a stream of k6 samples"),
    (rb'^\s*\{\s*"attack"\s*:', "this is a stream of Vegeta results"),
)

_BY_KEYS = (
    ({"metrics", "root_group"}, "k6 summary"),
    ({"version", "config", "metadata", "results"}, "k6 summary"),
    ({"type", "metric", "data"}, "k6 sample"),
    ({"summary", "responseTimeHistogram"}, "oha result"),
    ({"connections", "latency", "throughput"}, "autocannon result"),
    ({"requests", "latency", "throughput"}, "autocannon result"),
    ({"latencies", "status_codes"}, "Vegeta report"),
    ({"attack", "latency"}, "Vegeta result"),
    ({"type", "stats", "contents"}, "Gatling stats.json"),
    ({"Total"}, "JMeter statistics.json"),
    ({"config", "scenarios"}, "Artillery script; give the report of the run (-o FILE)"),
    ({"counters", "summaries"}, "part of an Artillery report; give the whole file"),
    ({"scenariosCreated", "latency"}, "part of an Artillery report; give the whole file"),
)


def other_format(text: bytes) -> str | None:
    """Return what a text that is not one JSON value probably is; None if nothing is recognised."""
    start = text[:4096]
    return next((what for pattern, what in _BY_TEXT if re.search(pattern, start)), None)


def other_tool(value: dict[str, Any]) -> str | None:
    """Return whose report an object with these keys probably is; None if nothing is recognised."""
    return next((tool for keys, tool in _BY_KEYS if keys <= value.keys()), None)
