"""The script of the next test: what it keeps, what it replaces, and what no name can do to it."""

from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from artillery_results_parser import load_script
from artillery_results_parser.yaml_text import parse
from capacity.errors import InputError
from capacity.estimate import Estimate
from capacity.evidence.next_test import Held, NextTest
from capacity.evidence.planned.script import PLACEHOLDER, Endpoint, endpoints_of

BASE = """
# a comment
config:
  target: https://shop.test
  http: {timeout: 5}
  phases: [{duration: 600, arrivalRate: 1000}]
  ensure: {p95: 1}
  plugins:
    expect: {}
    ensure: {thresholds: [{http.response_time.p50: 1}]}
  environments:
    big: {target: https://big.test, phases: [{duration: 9, arrivalRate: 9}], plugins: {ensure: {p99: 1}}}
scenarios:
  - name: "yes"
    flow: [{get: {url: "/", headers: {x-code: "1e3"}}}]
"""


def exactly(value):
    """Return a rate that is sure."""
    return Estimate.exactly(value, unit="req/s", method="", provenance="measured")


def plan(*rates, per_user=1.0, **other):
    """Plan some loads of which nothing is predicted."""
    phases = tuple(Held(rate * per_user, rate, 70.0, "limit") for rate in rates)
    offered = [phase.offered for phase in phases]
    rows = {"offered": offered, "goodput": [exactly(o) for o in offered], "p95": None, "p99": None}
    return NextTest(phases, ("Nothing is known.",), pd.DataFrame(rows, dtype=object), per_user, **other)


def written(text, tmp_path):
    """Write a script and read it back."""
    file = tmp_path / "next-test.yml"
    file.write_text(text)
    return load_script(file)


def test_the_phases_are_read_back_as_planned(tmp_path) -> None:
    """Whole rates as such, others as a whole number of users; times and rates as in the plan."""
    script = written(plan(4.3, 60.0, 101.0).script(), tmp_path)
    assert [phase.kind for phase in script.phases] == ["count", "constant", "constant"]
    assert [phase.rate_at(phase.start + 1) for phase in script.phases] == pytest.approx([4.3, 60, 101])
    assert script.duration == 210


def test_a_base_keeps_all_but_phases_and_checks(tmp_path) -> None:
    """Target, settings, plugins, scenarios and environments stay; what would overrule the plan goes."""
    tree = yaml.safe_load(plan(60.0, per_user=2.0).script(BASE))
    config = tree["config"]
    assert (config["target"], config["http"], config["plugins"]["expect"]) == (
        "https://shop.test",
        {"timeout": 5},
        {},
    )
    assert config["phases"] == [{"name": "120 req/s, limit", "duration": 70, "arrivalRate": 60}]
    assert "ensure" not in config
    assert set(config["plugins"]["ensure"]) == {"thresholds", "conditions"}
    assert config["environments"] == {"big": {"target": "https://big.test", "plugins": {}}}
    assert tree["scenarios"] == parse(BASE.encode())["scenarios"]


@pytest.mark.parametrize("kind", ["text", "path", "script"])
def test_a_base_may_be_text_a_path_or_a_script(kind: str, tmp_path) -> None:
    """All three give the same."""
    file = tmp_path / "base.yml"
    file.write_text(BASE)
    base = {"text": BASE, "path": file, "script": load_script(file)}[kind]
    assert plan(60.0).script(base) == plan(60.0).script(BASE)


def test_json_with_tabs_is_a_script_too() -> None:
    """As Artillery reads it."""
    text = plan(60.0).script('{\n\t"config": {"target": "https://a.test"},\n\t"scenarios": []}')
    assert yaml.safe_load(text)["config"]["target"] == "https://a.test"


@pytest.mark.parametrize("base", ["", "a: [", "- 1", "config: 3", "config: {plugins: [1]}", "{"])
def test_what_is_no_script_is_refused(base: str) -> None:
    """With a message, not a traceback of YAML."""
    with pytest.raises(InputError):
        plan(60.0).script(base)


def test_without_a_base_users_ask_for_what_was_seen() -> None:
    """One request a user, in the shares seen, at a target that must be replaced."""
    text = plan(60.0, per_user=2.0, endpoints=(Endpoint("/a", 0.75), Endpoint("/b", 0.25))).script()
    tree = yaml.safe_load(text)
    assert tree["config"]["target"] == PLACEHOLDER
    assert tree["config"]["phases"][0]["arrivalRate"] == 120
    assert [(s["weight"], s["flow"][0]["get"]["url"]) for s in tree["scenarios"]] == [
        (750, "/a"),
        (250, "/b"),
    ]


def test_endpoints_are_paths() -> None:
    """Names without a path, and other hosts, are left out; a request's name in brackets is no part of the path."""
    counts = {
        "/a": 60.0,
        "/a (named)": 20.0,
        "/b c": 20.0,
        "checkout": 50.0,
        "other.test/x": 9.0,
        "//evil.test": 10.0,
    }
    test = SimpleNamespace(endpoints=pd.DataFrame({"requests": counts}))
    found = {e.path: e.share for e in endpoints_of([test])}
    assert found == pytest.approx({"/a": 80 / 110, "/b%20c": 20 / 110, "/evil.test": 10 / 110})


HOSTILE = st.text(st.characters(), min_size=1, max_size=30) | st.sampled_from(
    [
        "{{ $processEnvironment.HOME }}",
        "a\n- b: c",
        '"',
        "'",
        "\u2028# x: y",
        "\x85config:",
        "*a",
        "&b",
        "!c",
        "\ud800",
    ]
)


@settings(max_examples=60, deadline=None)
@given(name=HOSTILE, why=HOSTILE)
def test_no_name_becomes_anything_else(name: str, why: str) -> None:
    """Whatever an endpoint or a sentence says, the script has the same keys, and no template in any address."""
    test = SimpleNamespace(endpoints=pd.DataFrame({"requests": {f"/{name}": 1.0}}))
    text = NextTest(**{**vars(plan(60.0)), "why": (why,), "endpoints": endpoints_of([test])}).script()
    tree = yaml.safe_load(text)
    assert text.isascii() or all(line.startswith("#") for line in text.splitlines() if not line.isascii())
    assert set(tree) == {"config", "scenarios"}
    assert set(tree["config"]) == {"target", "phases", "plugins"}
    assert len(tree["scenarios"]) == 1
    url = tree["scenarios"][0]["flow"][0]["get"]["url"]
    assert url.startswith("/")
    assert not set(url) & set("{}\"'\n #")


@settings(max_examples=40, deadline=None)
@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["1e3", "0x1F", "012", "yes", "~", "1_000", "2001-01-01", "0o7", "1:30", "null", "=", "<<"]
))  # fmt: skip
def test_texts_of_the_base_stay_texts(value: str) -> None:
    """In double quotes no reader of YAML takes them for a number, a date or a truth."""
    import json

    base = json.dumps({"config": {"target": "http://a.test", "variables": {"v": value}}, "scenarios": []})
    text = plan(60.0).script(base)
    assert yaml.safe_load(text)["config"]["variables"]["v"] == value
    assert parse(text.encode())["config"]["variables"]["v"] == value


def test_every_comment_says_so() -> None:
    """Long and broken sentences are wrapped; each line of them begins with #."""
    text = NextTest(**{**vars(plan(60.0)), "why": ("word " * 200 + "\nconfig: {}",)}).script()
    head = text[: text.index("\nconfig:")]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert max(map(len, head.splitlines())) <= 110


def test_secrets_stay_out_of_it():
    """Tokens and passwords become names of environment variables; templates and everything else stay."""
    base = """
config:
  target: https://shop.test
  http: {defaults: {headers: {Authorization: "Bearer abc", accept: "text/html", X-Api-Key: "{{ key }}"}}}
  variables: {password: ["hunter2"]}
scenarios: [{flow: [{get: {url: "/", auth: {user: "me", pass: "hunter3"}}}]}]
"""
    written = plan(10).script(base)
    assert not any(secret in written for secret in ("abc", "hunter"))
    tree = yaml.safe_load(written)
    headers = tree["config"]["http"]["defaults"]["headers"]
    assert headers == {
        "Authorization": "{{ $env.AUTHORIZATION }}",
        "accept": "text/html",
        "X-Api-Key": "{{ key }}",
    }
    assert tree["scenarios"][0]["flow"][0]["get"]["auth"] == {"user": "me", "pass": "{{ $env.PASS }}"}
