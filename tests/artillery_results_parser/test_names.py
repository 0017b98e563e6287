"""Names with dots in them, and endpoints."""

import pytest

from artillery_results_parser.model import Summary
from artillery_results_parser.names import Vocabulary, unit_of

PREFIX = "plugins.metrics-by-endpoint."


def endpoints(counters: dict[str, int], **summaries: Summary):
    """Endpoints of counters named without their prefix."""
    full = {PREFIX + name: number for name, number in counters.items()}
    return Vocabulary().endpoints(full, {PREFIX + name: block for name, block in summaries.items()})[0]


@pytest.mark.parametrize(
    "name",
    [
        "/a.b/c.json",
        "/fast?page=1 (home page)",
        ":18999/nobody",
        "gerar todos graficos",
        "/x.codes.y",
        "接口",
        "a\n.b",
        "",
    ],
)
def test_endpoint_names_hold_anything(name):
    """Only the known suffix is split off."""
    found = endpoints({f"{name}.codes.200": 3, f"{name}.codes.503": 1, f"{name}.errors.ETIMEDOUT": 2})
    assert list(found) == [name]
    assert (found[name].codes, found[name].errors) == ({200: 3, 503: 1}, {"ETIMEDOUT": 2})


def test_error_text_holds_dots():
    """An endpoint's error is free text."""
    found = endpoints({"/a.codes.200": 1, "/a.errors.connect ECONNREFUSED 1.2.3.4:80": 2})
    assert found["/a"].errors == {"connect ECONNREFUSED 1.2.3.4:80": 2}


def test_split_at_a_known_endpoint():
    """Where both endpoint and text hold .errors., the endpoint known from elsewhere decides."""
    found = endpoints({"/a.errors.b.codes.200": 1, "/a.errors.b.errors.x.errors.y": 2})
    assert found["/a.errors.b"].errors == {"x.errors.y": 2}


def test_endpoint_times_and_server_timing():
    """Response times and Server-Timing come with the kind before the endpoint."""
    one, two = Summary(1, 0.1, 0.2), Summary(1, 0.3, 0.4)
    found = endpoints({}, **{"response_time./a": one, "server-timing./a": two})
    assert (found["/a"].response_time, found["/a"].server_timing) == (one, two)
    assert (len(found), "/b" in found) == (1, False)
    assert repr(found).startswith("Endpoints({'/a'")


def test_other_plugins_are_no_endpoints():
    """A name like the prefix is not the prefix."""
    vocabulary = Vocabulary()
    found, rest = vocabulary.endpoints(
        {"plugins.metrics-by-endpointX./a.codes.200": 1}, {"http.dns": Summary(1, 0, 1)}
    )
    assert (len(found), list(rest)) == (0, ["http.dns"])


def test_codes_are_numbers():
    """A code that is no number stays a counter only."""
    codes, errors, scenarios = Vocabulary().parts(
        {"http.codes.200": 1, "http.codes.undefined": 2, "http.codes.٣": 1}
    )
    assert (codes, errors, scenarios) == ({200: 1}, {}, {})


def test_only_the_first_errors_is_stripped():
    """The text of an error may itself start with errors."""
    assert Vocabulary().parts({"errors.errors.x": 1})[1] == {"errors.x": 1}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("http.response_time", "s"),
        ("http.response_time.5xx", "s"),
        ("engine.http.response_time", "s"),
        ("socketio.response_time", "s"),
        ("http.tls", "s"),
        ("vusers.session_length", "s"),
        ("browser.page.FCP.https://a.b/", "s"),
        ("browser.page.dominteractive", "s"),
        ("browser.step.log in", "s"),
        ("browser.page.CLS.https://a.b/", "1"),
        ("browser.memory_used_mb", "MB"),
        ("queue depth", ""),
        ("artillery_internal.cpu", ""),
        ("http.tlsx", ""),
    ],
)
def test_units(name, unit):
    """Times are known by name; what is unknown stays as it came."""
    assert unit_of(name) == unit
