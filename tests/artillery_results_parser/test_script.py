"""Test scripts: YAML or JSON, with durations as people write them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artillery_results_parser import ArtilleryError, Phase, load_script
from artillery_results_parser.phase import read_phases, seconds


@pytest.fixture
def script(tmp_path: Path):
    """Read a script from its text."""

    def script(text: str, **options):
        path = tmp_path / "test.yml"
        path.write_text(text)
        return load_script(path, **options)

    return script


def phases_of(*specs):
    """Read phases as of a script."""
    return read_phases(list(specs), "config.phases")


def test_script(script):
    """Phases follow each other; scenarios have weights; names fall back to the index."""
    found = script(
        """
        config:
          target: http://localhost:3000
          phases:
            - {duration: 2m, arrivalRate: 5, name: warm up}
            - {duration: "30", arrivalRate: 5, rampTo: 50, maxVusers: 20}
            - {pause: 10}
            - {duration: 1h, arrivalCount: 60}
          environments: {prod: {}, local: {}}
        scenarios:
          - {name: browse, weight: 3, flow: []}
          - {flow: []}
        """
    )
    assert (found.target, found.duration, found.environments) == (
        "http://localhost:3000",
        3760,
        ("prod", "local"),
    )
    assert [(p.kind, p.start, p.duration) for p in found.phases] == [
        ("constant", 0, 120),
        ("ramp", 120, 30),
        ("pause", 150, 10),
        ("count", 160, 3600),
    ]
    assert found.phases[0].name == "warm up"
    assert (found.phases[1].arrival_rate, found.phases[1].ramp_to, found.phases[1].max_vusers) == (5, 50, 20)
    assert found.phases[3].arrival_count == 60
    assert [(s.name, s.weight) for s in found.scenarios] == [("browse", 3), ("1", 1)]


def test_json_script(script):
    """JSON is read as well."""
    text = json.dumps(
        {"config": {"phases": [{"duration": 60, "arrivalRate": 5}]}, "scenarios": []}, indent="\t"
    )
    assert script(text).phases == (Phase(None, "constant", 0, 60, 5),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        ("30s", 30),
        ("2m", 120),
        ("1.5h", 5400),
        (" 2 minutes ", 120),
        ("500ms", 0.5),
        ("1d", 86400),
        ("10 SEC", 10),
        (".5m", 30),
    ],
)
def test_durations(written, expected):
    """Durations are numbers of seconds, or numbers with a unit."""
    assert seconds(written, "x") == expected


@pytest.mark.parametrize(
    "written", ["", "2 fortnights", "1m30s", "-5", -5, True, None, [], "1e3", "inf", "9" * 30, 1e12]
)
def test_impossible_durations(written):
    """Anything else says what is allowed."""
    with pytest.raises(ArtilleryError, match=r"is not a duration; seconds or text such as 30s, 2m, 1h"):
        seconds(written, "config.phases[0].duration")


def test_rates_may_be_text():
    """The tool turns text into numbers; so do we."""
    assert phases_of({"duration": 1, "arrivalRate": "2.5", "rampTo": "7"})[0].ramp_to == 7


def test_rate_zero_is_a_pause():
    """No arrivals and no ramp: the tool makes it a pause."""
    assert phases_of({"duration": 5, "arrivalRate": 0})[0].kind == "pause"
    assert phases_of({"duration": 5, "arrivalRate": 0, "rampTo": 3})[0].kind == "ramp"


def test_ramp_without_duration_is_a_second():
    """As in the tool."""
    assert phases_of({"arrivalRate": 1, "rampTo": 3})[0].duration == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"duration": "{{ $env.D }}", "arrivalRate": 1},
            r"phases\[0\].duration: '{{ \$env.D }}' is a template",
        ),
        ({"duration": 5, "arrivalRate": "${RATE}"}, r"phases\[0\].arrivalRate: .* is a template"),
        ({"duration": 5}, "no key `arrivalRate`, `arrivalCount` or `pause`; keys found: 'duration'"),
        ({"arrivalRate": 5}, "no key `duration`"),
        ({"duration": 5, "arrivalCount": 1.5}, "1.5 is not whole"),
        ({"duration": 5, "arrivalRate": -1}, "-1 is not a rate"),
        ({"duration": 5, "arrivalRate": "many"}, "'many' is not a rate"),
        ({"duration": 5, "arrivalRate": "nan"}, "'nan' is not a rate"),
        ("2m", "'2m' is not a phase"),
    ],
)
def test_impossible_phases(spec, message):
    """A phase that cannot be computed names the key."""
    with pytest.raises(ArtilleryError, match=message):
        phases_of(spec)


def test_phases_must_be_a_list():
    """One phase without a dash is refused."""
    with pytest.raises(ArtilleryError, match="is not a list of phases"):
        read_phases({"duration": 5}, "config.phases")


def test_rate_at():
    """The scripted rate at any time: level, on a ramp, spread, or nothing."""
    level, ramp, count, pause = phases_of(
        {"duration": 10, "arrivalRate": 4},
        {"duration": 10, "arrivalRate": 4, "rampTo": 8},
        {"duration": 10, "arrivalCount": 20},
        {"pause": 10},
    )
    assert [level.rate_at(t) for t in (0, 9.9, 10, -1)] == [4, 4, 0, 0]
    assert [ramp.rate_at(t) for t in (10, 15)] == [4, 6]
    assert (count.rate_at(25), pause.rate_at(35)) == (2, 0)


def test_environment_is_laid_over(script):
    """As in the tool, lists are merged by index: later phases of the script stay."""
    text = """
    config:
      target: a
      phases: [{duration: 60, arrivalRate: 5}, {duration: 60, arrivalRate: 9}]
      environments: {prod: {target: b, phases: [{arrivalRate: 50}]}, more: {phases: [{}, {}, {pause: 1}]}}
    """
    assert script(text).target == "a"
    found = script(text, environment="prod")
    assert (found.target, [p.arrival_rate for p in found.phases]) == ("b", [50, 9])
    assert len(script(text, environment="more").phases) == 3
    with pytest.raises(ArtilleryError, match="no environment 'staging'; the script has: 'prod', 'more'"):
        script(text, environment="staging")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "line 1, column 4: aliases"),
        ("config: {a: 1, a: 2}", "line 1, column 16: the key 'a' comes twice"),
        ("config: {phases: [{duration: {{ x }}, arrivalRate: 1}]}", "a template without quotes"),
        ("config: [", "not YAML"),
        ("config: !!python/object/apply:os.system ['true']", "tags"),
        ("config: !!int x", "tags"),
        ("config: !!timestamp x", "tags"),
        ("x: 1", "no object `config`; found: 'x'"),
        ("- 1", "no object `config`"),
        ("config: 3", "no object `config`"),
        ("{aggregate: {}, intermediate: []}", "this is a report, not a script"),
        ("a: " + "[" * 30 + "]" * 30, "nested deeper than 20 levels"),
        ("a: " + "[" * 50_000, "nested deeper than 20 levels"),
        ("a: [" + "1," * 10_001 + "]", "more than 10000 values"),
        ("a: \x01", "not YAML"),
        ("config: {}\n---\nconfig: {}", "not YAML: but found another document|not YAML"),
        ("config: {environments: []}", "is not an object"),
        ("config: {}\nscenarios: {}", "is not a list of scenarios"),
        ("config: {}\nscenarios: [{weight: '{{ w }}'}]", r"scenarios\[0\].weight: .* is not a weight"),
    ],
)
def test_refused_scripts(script, text, message):
    """Unsafe, broken and foreign files are refused with the place."""
    with pytest.raises(ArtilleryError, match=message):
        script(text)


def test_large_script(script):
    """More than a megabyte is no script."""
    with pytest.raises(ArtilleryError, match="at most 1048576 bytes"):
        script("#" * (1 << 20) + "\nconfig: {}")


def test_words_stay_words(script):
    """on, yes, dates and clock times are texts, as in the tool's YAML."""
    found = script("config: {target: 2026-01-01}\nscenarios: [{name: on}, {name: yes}, {name: 1:30}]")
    assert found.target == "2026-01-01"
    assert [scenario.name for scenario in found.scenarios] == ["on", "yes", "1:30"]


def test_bare_script(script):
    """Without phases and scenarios there is no load."""
    found = script("config: {target: x}")
    assert (found.phases, found.scenarios, found.duration) == ((), (), 0)


@pytest.mark.parametrize(
    ("written", "seconds"), [("5", 5.0), ('"2.5"', 2.5), ('"{{ t }}"', None), ("-1", None), ("null", None)]
)
def test_timeout(script, written, seconds):
    """How long users wait is read where it is a number; elsewhere it is not known."""
    assert script(f"config: {{target: x, http: {{timeout: {written}}}}}").timeout == seconds


@given(
    st.binary(max_size=60) | st.text(alphabet="config: {}[]&*!-'\"\n\tphases5,", max_size=60).map(str.encode)
)
def test_any_text_is_read_or_refused(tmp_path_factory, content):
    """No text makes anything but a script or an error."""
    path = tmp_path_factory.mktemp("script") / "any.yml"
    path.write_bytes(content)
    try:
        load_script(path)
    except ArtilleryError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message
