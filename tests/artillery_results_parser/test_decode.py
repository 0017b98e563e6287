"""JSON text, read exactly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artillery_results_parser import ArtilleryError
from artillery_results_parser.decode import decode
from artillery_results_parser.source import Source


def read(text: str | bytes):
    """Decode text."""
    return decode(Source("run.json", text if isinstance(text, bytes) else text.encode(), "", 0))


def message(text: str | bytes) -> str:
    """What refusing the text says."""
    with pytest.raises(ArtilleryError) as caught:
        read(text)
    return str(caught.value)


def test_value():
    """Text becomes plain objects."""
    assert read('{"a": [1, 2.5, null, "x"]}') == ({"a": [1, 2.5, None, "x"]}, ())


def test_cut():
    """A cut text says so, and where it ends."""
    cut = "the export was cut: the text ends inside the JSON value; copy the whole file again"
    assert message('{"a": [1, 2') == f"run.json: byte 11: {cut}"


@pytest.mark.parametrize("more", [" x", "{}", "\n[]", "\x00"])
def test_trailing_text(more):
    """One value and no more."""
    assert "more text follows the JSON value" in message("{}" + more)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_not_finite(number):
    """NaN and Infinity are not JSON; the message names what the tool writes instead."""
    assert "NaN and Infinity are not JSON; Artillery writes null" in message(f'{{"a": {number}}}')


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000])
def test_out_of_range(number):
    """Numbers no float holds are refused with their place."""
    assert message(f'{{"a": {number}}}').startswith("run.json: byte ")
    assert "out of range" in message(f'{{"a": {number}}}')


@pytest.mark.parametrize(
    "text", ["hello", "{'a': 1}", "// note\n{}", '{"a": 01}', '{"a": 1,}', '{"a" 1}', '{"\t": 1}']
)
def test_not_json(text):
    """Anything else says what stands where."""
    assert "not JSON" in message(text)
    assert message(text).startswith("run.json: byte ")


def test_latin_1():
    """Text of an old encoding is not taken for UTF-8."""
    assert message('{"é": 1}'.encode("latin-1")) == (
        "run.json: byte 2: not UTF-8 text; save the file as UTF-8 (Artillery writes UTF-8)"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "\\u0061": 2}',
        '{"a" :1, "a"\n\t:2}',
        '[{"b": {"a": 1, "c": "x:y", "a": 1}}]',
        '{"intermediate": [{"summaries": {"a": 1, "a": 1}, "histograms": {"a": 1, "a": 1}}]}',
        '{"\\"a\\\\": 1, "\\"a\\\\": 2}',
        '{"x": ":", "a": 1, "y": "\\u003a", "a": 2}',
    ],
)
def test_doubled_key(text):
    """Two equal keys in one object are refused, however they are spelled."""
    assert "comes twice in one object" in message(text)


def test_doubled_top_key():
    """Even where the last one would win unseen."""
    assert "the key 'intermediate' comes twice" in message('{"intermediate": [], "intermediate": [{}]}')


@pytest.mark.parametrize(
    "text", ['{"a": "\\":", "b": ":"}', '{"a :": 1, "b\\\\": 2}', '{"a" : {" :" : ":"}}', '[":", ":"]']
)
def test_colons_and_quotes_in_text_are_no_keys(text):
    """Text that looks like a key does not count as one."""
    assert read(text)[0] == json.loads(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1, "\t"]), st.sampled_from([":", " : ", "\n:"]))
def test_any_json_is_read_as_the_standard_library_does(value, ascii_only, indent, colon):
    """No text without doubled keys is refused, whatever its spacing and escapes."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=(",", colon))
    assert read(text)[0] == value


@pytest.mark.parametrize("depth", [65, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_too_deep(depth, opening, closing):
    """Nesting beyond 64 levels is refused, also where it would overflow a stack."""
    assert "nested deeper than 64 levels" in message(opening * depth + "1" + closing * depth)


def test_deepest():
    """64 levels are read."""
    assert read("[" * 64 + "]" * 64)[1] == ()


def test_lone_surrogates_are_replaced():
    """A broken character becomes U+FFFD with a note; whole pairs and escaped backslashes stay."""
    tree, notes = read(r'["\ud800x", "\ud83d\ude00", "\\ud800", "\udC00\ud800"]')
    assert tree == ["\ufffdx", "\U0001f600", "\\ud800", "\ufffd\ufffd"]
    assert notes == ("3 broken characters (lone surrogates) became U+FFFD",)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("<!DOCTYPE html>", "HTML"),
        ('<?xml version="1.0"?>', "JMeter"),
        ("timeStamp,elapsed,label\n", "JMeter"),
        ("metric_name,timestamp,metric_value\n", "k6"),
        ('{"type":"Metric","data":{}}\n{"type":"Point"}\n', "k6"),
        ('{"attack":"","seq":0}\n{"attack":"","seq":1}\n', "Vegeta"),
        ("Type,Name,Request Count\n", "Locust"),
        ("RUN\tcomputer.Sim\tsim\n", "Gatling"),
        ("Running 30s test @ http://localhost\n", "wrk"),
        ("# my test\nconfig:\n  target: x\n", "Artillery script"),
        ("Test run id: abc\nPhase started: one\n", "console output"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b\x08", "gzip inside gzip"),
    ],
)
def test_other_formats_are_named(text, tool):
    """What is not JSON is recognised by how it starts."""
    assert message(text).startswith("run.json: not an Artillery report: this is")
    assert tool in message(text)
