"""Reading a 50 MB export against a bare typed decode of the same bytes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from paired import ratio

from artillery_results_parser import Report, load

LIMIT = 1.5
SIZE = 50_000_000
"""About the length of the export. [bytes]"""
RECORDED = Path(__file__).parents[1] / "data" / "storefront" / "steps-4.json"
PLUGIN = "plugins.metrics-by-endpoint."

Number = float | None
Metrics = dict[str, Any]


class Summary(msgspec.Struct, gc=False):
    """One summary."""

    min: Number = None
    max: Number = None
    count: int | None = None
    mean: Number = None
    p50: Number = None
    median: Number = None
    p75: Number = None
    p90: Number = None
    p95: Number = None
    p99: Number = None
    p999: Number = None


class Slice(msgspec.Struct):
    """One slice, or the aggregate, without `histograms`: they repeat the summaries and are skipped."""

    counters: dict[str, int]
    rates: dict[str, Number]
    summaries: dict[str, Summary]
    period: str | int
    firstCounterAt: int | None = None  # noqa: N815 - the export's names
    lastCounterAt: int | None = None  # noqa: N815
    firstHistogramAt: int | None = None  # noqa: N815
    lastHistogramAt: int | None = None  # noqa: N815
    firstMetricAt: int | None = None  # noqa: N815
    lastMetricAt: int | None = None  # noqa: N815


class SliceWithHistograms(Slice):
    """The same with everything that the export holds."""

    histograms: dict[str, Summary] = {}


class Export(msgspec.Struct):
    """The export: of all yardsticks the shortest."""

    aggregate: Slice
    intermediate: list[Slice]


class WholeExport(msgspec.Struct):
    """The export with its histograms."""

    aggregate: SliceWithHistograms
    intermediate: list[SliceWithHistograms]


def export(copies: int) -> bytes:
    """Return recorded slices over and over, each endpoint so many times under other names."""
    recorded = msgspec.json.decode(RECORDED.read_bytes())
    slices = [_multiplied(one, copies) for one in recorded["intermediate"]]
    length = len(_pretty(slices)) // len(slices)
    many = [_later(slices[i % len(slices)], i) for i in range(SIZE // length)]
    totals: dict[str, int] = {}
    for one in many:
        for name, number in one["counters"].items():
            totals[name] = totals.get(name, 0) + number
    whole = _multiplied(recorded["aggregate"], copies) | {
        "counters": totals,
        "period": int(many[-1]["period"]),
    }
    whole |= {key: many[-1][key] for key in whole if key.startswith("last")}
    return _pretty({"aggregate": whole, "intermediate": many})


def _pretty(tree: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(tree), indent=2)


def _multiplied(one: Metrics, copies: int) -> Metrics:
    def named(metrics: Metrics) -> Metrics:
        times = f"{PLUGIN}response_time."
        found = {}
        for name, value in metrics.items():
            for n in range(copies if name.startswith(PLUGIN) else 1):
                path = name.replace(times, f"{times}/{n}") if times in name else name
                found[path.replace(f"{PLUGIN}/", f"{PLUGIN}/{n}/") if n else name] = value
        return found

    summaries = named(one["summaries"])
    return one | {"counters": named(one["counters"]), "summaries": summaries, "histograms": summaries}


def _later(one: Metrics, n: int) -> Metrics:
    """Return a slice as if it was the nth after the year 2024 began."""
    start = 1_704_067_200_000 + 10_000 * n
    shift = start - int(one["period"])
    return (
        one
        | {key: value + shift for key, value in one.items() if key.endswith("At")}
        | {"period": str(start)}
    )


def check(report: Report, export: Export) -> None:
    """Refuse answers that differ: totals, counts, periods, and every endpoint's times in every period."""
    for ours, theirs in zip(
        (report.aggregate, *report.periods), (export.aggregate, *export.intermediate), strict=True
    ):
        times = {name: block for name, block in theirs.summaries.items() if name.startswith(PLUGIN)}
        same = (
            ours.counters == theirs.counters
            and ours.requests == theirs.counters.get("http.requests", 0)
            and len(ours.endpoints) >= len(times)
            and all(
                _same(ours.endpoints[name.removeprefix(f"{PLUGIN}response_time.")].response_time, block)
                for name, block in times.items()
            )
        )
        if not same:
            raise SystemExit(f"answers differ in the period of {theirs.period}: the ratio would mean nothing")


def _same(ours: Any, theirs: Summary) -> bool:
    return ours.count == theirs.count and abs(ours.mean * 1000 - theirs.mean) < 1e-6


def main() -> None:
    """Print one line for each shape of export and each yardstick."""
    lean: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Export)
    whole: msgspec.json.Decoder[Any] = msgspec.json.Decoder(WholeExport)
    for shape, copies in (("60 endpoints", 10), ("6 endpoints", 1)):
        text = export(copies)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.json"
            path.write_bytes(text)
            check(load(path), lean.decode(text))
            for name, decoder in (("without histograms", lean), ("with histograms", whole)):
                found = ratio(partial(decoder.decode, text), partial(load, path))
                print(found.line(f"{len(text) / 1e6:.0f} MB, {shape}, {name}", LIMIT))


if __name__ == "__main__":
    main()
