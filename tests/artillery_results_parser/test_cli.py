"""The command artillery-results."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from artillery_results_parser.cli import main

EVIL = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    "  =1",
    "\ufeff=1",
    "＝1",
    "\x1b[2J\u202eevil",
    'a,"b"\nc',
]


def run(*arguments: object):
    """Run the command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def file(write, slice_of, block):
    """A report with hostile names."""
    counters = {"vusers.created": 4, "http.requests": 9, "http.responses": 7, "http.codes.200": 7}
    counters |= {f"errors.{name}": 1 for name in EVIL}
    counters |= {f"plugins.metrics-by-endpoint.{name}.codes.200": 2 for name in EVIL}
    one = slice_of(
        counters=counters, summaries={"http.response_time": block(), "vusers.session_length": block()}
    )
    return write({"aggregate": one, "intermediate": [one, None]})


def test_table(file):
    """People get totals, endpoints, periods and notes."""
    result = run(file)
    assert result.exit_code == 0
    for text in (
        "Artillery v2, 1 periods, 10.0 s",
        "created 4",
        "sent 9, answered 7",
        "200 7",
        "p95 0.0603",
        "null and was left",
    ):
        assert text in result.stdout


def test_no_name_makes_a_long_line(write, slice_of):
    """A name of a megabyte is cut wherever people read it, in notes as well."""
    name = "x" * 10**6
    one = slice_of(counters={"http.requests": 9, f"errors.{name}": 1})
    other = slice_of(counters={"http.requests": 9, f"errors.{name}": 2})
    result = run(write({"aggregate": other, "intermediate": [one]}))
    assert "note: errors.xxx" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 406


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_control_character_is_printed(file, form):
    """Names cannot act on a terminal."""
    text = run(file, "--format", form).stdout
    assert not set(text.replace("\n", "")) & set("\x1b\t\r\0\u202e")


def test_csv_has_no_formula(file):
    """Text a spreadsheet would compute gets an apostrophe; numbers stay numbers."""
    rows = list(csv.DictReader(io.StringIO(run(file, "--format", "csv").stdout)))
    keys = {row["key"] for row in rows if row["table"] == "errors"}
    assert {key[0] for key in keys} == {"'", "\ufffd", "a"}
    numbers = {
        row["field"]: row["value"] for row in rows if row["table"] == "periods" and row["period"] == "all"
    }
    assert (numbers["requests"], numbers["response_time_p95"]) == ("9", "0.0603")


def test_json(file):
    """Programs get everything, names as they are."""
    (report,) = json.loads(run(file, "--format", "json").stdout)["reports"]
    assert (report["dialect"], report["aggregate"]["requests"], report["duration"]) == ("v2", 9, 10)
    assert set(report["aggregate"]["errors"]) == set(EVIL)
    assert report["aggregate"]["response_time"]["p95"] == 0.0603
    assert report["start"].startswith("2023-11-14T22:13:20")


def test_script(tmp_path):
    """With --script the phases of test scripts are printed."""
    path = tmp_path / "t.yml"
    overlay = "{p: {phases: [{arrivalRate: 7}]}}"
    phases = "[{duration: 1m, arrivalRate: 5, name: '=x'}]"
    path.write_text(f"config: {{phases: {phases}, environments: {overlay}}}")
    assert "1 phases, 60 s" in run("--script", path).stdout
    assert (
        ",0,phases,'=x,arrival_rate,7.0\n"
        in run("--script", path, "--environment", "p", "--format", "csv").stdout
    )
    assert (
        json.loads(run("--script", path, "--format", "json").stdout)["scripts"][0]["phases"][0]["kind"]
        == "constant"
    )


def test_bad_file_is_named(file, tmp_path):
    """A file that cannot be read is exit 3 with one line; the others are printed."""
    bad = tmp_path / "bad\x1b.json"
    bad.write_text('{"metrics": {}, "root_group": {}}')
    result = run(file, bad)
    assert result.exit_code == 3
    assert "created 4" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "keys found: metrics, root_group; this looks like a k6 summary" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--format", "xml", "x"], ["--environment", "p", "x"], ["--nope", "x"]]
)
def test_wrong_usage(arguments):
    """Wrong usage is exit 2."""
    assert run(*arguments).exit_code == 2


def test_version_1_without_times(read_v1, v1_slice, write):
    """A report without times prints periods by number."""
    one = v1_slice(timestamp=None)
    result = run(write({"aggregate": one, "intermediate": [one]}))
    assert "no times" in result.stdout
    assert "\n0 " in result.stdout


def test_namespace(write, slice_of):
    """The plugin's own namespace can be given."""
    one = slice_of(counters={"vusers.created": 1, "perf./a.codes.200": 4})
    path = write({"aggregate": one, "intermediate": [one]})
    assert "/a" in run(path, "--metrics-namespace", "perf").stdout
