"""The short way through an export of today's version: the same answers, and out of the way when in doubt."""

import json

import pytest

from artillery_results_parser import ArtilleryError, load, report
from artillery_results_parser.decode import decode
from artillery_results_parser.source import Source
from artillery_results_parser.usual import UnusualError, read_usual
from artillery_results_parser.values import Block

NAME = "http.response_time"


@pytest.fixture
def export(slice_of, block):
    """Make the text of an export as Artillery writes it now, with these slices' changes."""

    def export(*changes: dict, **formatting) -> str:
        slices = []
        for n, change in enumerate(changes or ({},)):
            summaries = {NAME: block(), "a: b": block(count=3)}
            one = slice_of(n) | change
            del one["summaries"]  # it stands last, before the histograms
            slices.append(one | {"summaries": summaries, "histograms": summaries})
        whole = slices[0] | {"period": 1_700_000_000_000}
        return json.dumps({"aggregate": whole, "intermediate": slices}, **({"indent": 2} | formatting))

    return export


def refused(text: str) -> bool:
    """Whether the short way leaves a text to the long one."""
    try:
        read_usual(text.encode())
    except UnusualError:
        return True
    return False


@pytest.mark.parametrize("formatting", [{}, {"indent": None}, {"separators": (",", ":")}])
def test_the_same_as_the_long_way(export, formatting):
    """Slices are those of the long way, however the text is spaced."""
    text = export({}, {"counters": {"errors.1.2.3.4:80": 2}}, **formatting).encode()
    short, (long, _) = read_usual(text), decode(Source("x", text, None, 0))
    for one, other in zip(short["intermediate"], long["intermediate"], strict=True):
        assert one["counters"] == other["counters"]
        assert one["summaries"][NAME] == Block(**other["summaries"][NAME])


def test_the_same_report(write, export, monkeypatch):
    """A report is the same by either way, percentiles above the maximum included."""
    path = write(
        export({}, {"rates": {"http.request_rate": 7}}).replace('"p999": 100', '"p999": 101').encode()
    )
    assert not refused(path.read_text())
    short = load(path)

    def fail(text: bytes) -> None:
        raise UnusualError

    monkeypatch.setattr(report, "read_usual", fail)
    long = load(path)
    assert (short.aggregate, short.notes, short.sha256) == (long.aggregate, long.notes, long.sha256)
    assert short.periods == long.periods


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"p99": 90.9', '"p95": 90.9'),
        ('"p99": 90.9', '"p99": 90.9, "p99": 90.9'),
        ('"p99": 90.9', '"p99": NaN'),
        ('"p99": 90.9', '"p99": 1e999'),
        ('"p99": 90.9', '"p98": 1'),
        ('"vusers.created": 2', '"vusers.created": -2'),
        ('"vusers.created": 2', '"vusers.created": 2, "vusers.created": 2'),
        ('"vusers.created": 2', '"vusers.created": 2, "vusers.cr\\u0065ated": 2'),
        ('"vusers.created": 2', '"vusers.created": 9007199254740993'),
        ('"vusers.created": 2', '"vusers.created": null'),
        ('"rates": {}', '"rates": {}, "rates": {}'),
        ('"rates": {}', '"rates": {}, "summaries": 0'),
        ('"rates": {}', '"rates": {}, "s\\u0075mmaries": 0'),
        ('"rates": {}', '"rates": {}, "histograms": {"a": 1}'),
        ('"rates": {}', '"rates": {"summaries": {}, "histograms": {}}'),
        ('"histograms": {', '"histograms": {"x": 1, '),
        ('"histograms"', '"more": 1, "histograms"'),
        ('"histograms"', '"other"'),
        ('"summaries": {', '"summaries" {'),
        ('"intermediate": [', '"intermediate": [null, '),
        ('"aggregate": {', '"phases": [], "aggregate": {'),
        ("]", "] x"),
        ("]\n}", "]"),
    ],
)
def test_anything_else_goes_the_long_way(export, old, new):
    """Doubled keys, odd numbers, other shapes: the short way never answers for them."""
    text = export()
    assert not refused(text)
    assert old in text
    assert refused(text.replace(old, new))
    assert refused(new.join(text.rsplit(old, 1)))


def test_every_damaged_byte(export):
    """A damaged byte is refused, or gives what the long way gives."""
    text = export().encode()
    for at in range(0, len(text), 5):
        for byte in b'"}{,:0\\x':
            damaged = text[:at] + bytes([byte]) + text[at + 1 :]
            try:
                short = read_usual(damaged)
            except UnusualError:
                continue
            long, _ = decode(Source("x", damaged, None, 0))
            for one, other in zip(short["intermediate"], long["intermediate"], strict=True):
                assert {key: value for key, value in one.items() if key != "summaries"} == {
                    key: value for key, value in other.items() if key not in ("summaries", "histograms")
                }
                assert list(one["summaries"]) == list(other["summaries"])


def test_doubled_field_is_named(write, export):
    """What the short way suspects, the long way says."""
    with pytest.raises(ArtilleryError, match="the key 'p95' comes twice"):
        load(write(export().replace('"p99"', '"p95": 1, "p99"').encode()))
