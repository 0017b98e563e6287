"""The plan file: what it accepts, and one exact line for each thing it refuses."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.errors import UsageError
from capacity.evidence.quantities import ALIASES, QUANTITIES, quantity
from capacity.plan import MAX_BYTES, Plan, load_plan

WHOLE = """
[service]
name = "shop"
instances_tested = 2

[tests]
baseline = "a.json"
stress = "b.json"
fleet = { export = "a.json", instances = 4 }
script = "stress.yml"

[slo]
p95_ms = 250
p99_ms = 1000
availability = 0.999

[demand]
history = "traffic.csv"
growth_per_month = [0.02, 0.06, 0.10]
events = [{ name = "sale", date = 2027-03-01, multiplier = 2 }]

[cost]
instance_per_month = 50

[[investment]]
lever = "connection_pool"
hours = [2, 3, 4]
connect_ms = [5, 10, 15]
size = 20

[[claim]]
quantity = "p95_ms"
value = 200
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with the files a plan may name."""
    for name in ("a.json", "b.json", "stress.yml", "traffic.csv"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def refusal(folder: Path, text: str | bytes) -> str:
    """Message a plan is refused with, without its file."""
    plan = folder / "plan.toml"
    plan.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as refused:
        load_plan(plan)
    assert all(line.startswith(f"{plan}: ") for line in str(refused.value).splitlines())
    return str(refused.value).replace(f"{plan}: ", "")


def accepted(folder: Path, text: str) -> Plan:
    """Plan read from a text."""
    (folder / "plan.toml").write_text(text)
    return load_plan(folder / "plan.toml")


TESTS = '[tests]\nstress = "b.json"\n'


def test_every_section_is_read(folder: Path) -> None:
    """A whole plan comes back with every value, seconds where the file has milliseconds."""
    plan = accepted(folder, WHOLE)
    assert plan.slo.quantiles == {0.95: 0.25, 0.99: 1.0}
    assert plan.demand is not None
    assert plan.demand.events[0].date == dt.date(2027, 3, 1)
    assert plan.demand.events[0].multiplier == (2.0, 2.0, 2.0)
    assert plan.cost is not None
    assert plan.cost.engineer_per_hour is None
    assert plan.claim[0].value == 200


def test_paths_are_relative_to_the_plan(folder: Path) -> None:
    """Every path becomes absolute, whatever the working folder."""
    assert accepted(folder, WHOLE).tests["baseline"].export == folder / "a.json"


def test_the_script_belongs_to_the_stress_test(folder: Path) -> None:
    """`script` in [tests] goes to the role stress."""
    plan = accepted(folder, WHOLE)
    assert plan.tests["stress"].script == folder / "stress.yml"
    assert plan.tests["baseline"].script is None


def test_the_script_belongs_to_the_first_test_without_a_stress_test(folder: Path) -> None:
    """Without the role stress it goes to the first."""
    plan = accepted(folder, '[tests]\nspike = "a.json"\nother = "b.json"\nscript = "stress.yml"\n')
    assert plan.tests["spike"].script == folder / "stress.yml"


def test_a_test_runs_against_the_service_s_instances_unless_it_says_otherwise(folder: Path) -> None:
    """`instances_tested` is the default of every test."""
    tests = accepted(folder, WHOLE).tests
    assert (tests["stress"].instances, tests["fleet"].instances) == (2, 4)


def test_unknown_keys_of_an_investment_are_its_levers_parameters(folder: Path) -> None:
    """A range stays a range and a number a number."""
    investment = accepted(folder, WHOLE).investment[0]
    assert investment.parameters == {"connect_ms": (5.0, 10.0, 15.0), "size": 20.0}


def test_what_is_absent_is_none(folder: Path) -> None:
    """Nothing is guessed: without [demand] there is no demand."""
    plan = accepted(folder, TESTS)
    assert plan.demand is None
    assert plan.cost is None
    assert plan.slo.quantiles == {}


def test_the_service_is_named_after_its_folder_by_default(folder: Path) -> None:
    """plan.toml says nothing, so its folder does."""
    assert accepted(folder, TESTS).service.name == folder.name.split(".")[0]


def test_a_plan_cannot_be_changed(folder: Path) -> None:
    """It is frozen."""
    with pytest.raises(ValueError, match="frozen"):
        accepted(folder, TESTS).slo.p95_ms = 3  # type: ignore[misc]


def test_a_bare_export_is_a_plan_of_one_test(folder: Path) -> None:
    """Anything that is not TOML is taken for an export."""
    plan = Plan.open(folder / "a.json")
    assert plan.tests["test"].export == folder / "a.json"
    assert plan.file == folder / "a.json"
    assert plan.service.name == "a"


def test_a_missing_export_names_the_nearest_file(folder: Path) -> None:
    """The message helps with a slip of the finger."""
    with pytest.raises(UsageError, match=r"tests.test.export: .*aa.json: there is no such file; .*'a.json'"):
        Plan.for_export(folder / "aa.json")


def test_values_can_be_overridden(folder: Path) -> None:
    """Only what is given changes."""
    plan = accepted(folder, WHOLE).overridden(p95_ms=100, horizon_days=30, spare_instances=0)
    assert plan.demand is not None
    assert (plan.slo.p95_ms, plan.slo.p99_ms) == (100, 1000)
    assert (plan.demand.horizon_days, plan.policy.spare_instances) == (30, 0)
    assert plan.investment == accepted(folder, WHOLE).investment


def test_overriding_is_checked_like_the_file(folder: Path) -> None:
    """A negative objective is refused, wherever it comes from."""
    with pytest.raises(UsageError, match=r"slo\.p95_ms: -1; allowed: milliseconds above 0"):
        accepted(folder, WHOLE).overridden(p95_ms=-1)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("slo.p95_ms", 300, lambda plan: plan.slo.p95_ms == 300),
        ("policy.risk", 0.01, lambda plan: plan.policy.risk == 0.01),
        (
            "demand.growth_per_month",
            [0.0, 0.1, 0.2],
            lambda plan: plan.demand.growth_per_month == (0, 0.1, 0.2),
        ),
        ("demand.events[0].multiplier", 3, lambda plan: plan.demand.events[0].multiplier == (3, 3, 3)),
        ("investment[0].hours", 8, lambda plan: plan.investment[0].hours == (8, 8, 8)),
        ("investment[0].size", 30, lambda plan: plan.investment[0].parameters["size"] == 30),
        ("tests.stress.instances", 3, lambda plan: plan.tests["stress"].instances == 3),
        ("service.instances_tested", 4, lambda plan: plan.tests["stress"].instances == 4),
        ("tests.stress", "a.json", lambda plan: plan.tests["stress"].export.name == "a.json"),
        ("limit", [], lambda plan: plan.limit == ()),
    ],
)
def test_a_value_given_counts_as_if_it_stood_in_the_file(
    folder: Path, key: str, value: object, read: Callable[[Plan], bool]
) -> None:
    """At any key, with all that follows from it; the file itself stays as it is."""
    before = accepted(folder, WHOLE)
    assert not read(before) or key == "limit"
    assert read(Plan.open(folder / "plan.toml", {key: value}))
    assert load_plan(folder / "plan.toml") == before


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "demand.horizon_day",
            9,
            "demand.horizon_day: no such key in demand; .*; did you mean 'horizon_days'?",
        ),
        ("slow.p95_ms", 9, "slow: no such key in a plan; .*; did you mean 'slo'?"),
        ("slo.p95_ms", -1, "slo.p95_ms: -1; allowed: milliseconds above 0"),
        ("slo.p95_ms.x", 1, "slo.p95_ms.x: slo.p95_ms is 250; allowed: a key after a dot, where a table is"),
        ("investment[1].hours", 1, r"investment[1].hours: investment is .*; allowed: [0] to [0] after it"),
        ("investment.hours", 1, r"investment.hours: investment is .*; allowed: [0] to [0] after it"),
        ("slo[0]", 1, r"slo[0]: slo is a table of 3 keys; allowed: a key after a dot, where a table is"),
        ("a b", 1, "'a b': no key; allowed: such as demand.horizon_days"),
        ("", 1, "'': no key; allowed"),
    ],
)
def test_a_value_given_is_checked_like_the_file(folder: Path, key: str, value: object, message: str) -> None:
    """The key is named, and the nearest one."""
    accepted(folder, WHOLE)
    pattern = ".*".join(map(re.escape, f"plan.toml: {message}".split(".*")))
    with pytest.raises(UsageError, match=pattern):
        Plan.open(folder / "plan.toml", {key: value})


def test_values_can_be_given_for_a_bare_export(folder: Path) -> None:
    """It has a plan too."""
    assert Plan.open(folder / "a.json", {"slo.p95_ms": 300}).slo.p95_ms == 300


def test_a_horizon_needs_demand(folder: Path) -> None:
    """Looking ahead without a history is refused, not ignored."""
    with pytest.raises(UsageError, match="no \\[demand\\]"):
        accepted(folder, TESTS).overridden(horizon_days=30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'tests: nothing came; needed: at least one test, such as [tests] stress = "stress.json"'),
        ("[tests]", 'tests: nothing came; needed: at least one test, such as [tests] stress = "stress.json"'),
        ("tests = 3", "tests: 3; allowed: a table of keys"),
        ("[tests]\na = 3", "tests.a: 3; allowed: an export's path or a table of keys"),
        ('[tests]\na = ""', "tests.a: ''; allowed: the path of a file, relative to the plan's folder"),
        (
            '[tests]\n"a b" = "a.json"',
            "tests: the role 'a b'; allowed: letters, digits, _ and -, at most 60",
        ),
        (
            '[tests.a]\nexport = "a.json"\nscirpt = "x"',
            "tests.a.scirpt: no such key in tests.a; allowed: export, script, instances; "
            "did you mean 'script'?",
        ),
        (
            TESTS + "[slo]\np59_ms = 3",
            "slo.p59_ms: no such key in slo; allowed: p50_ms, p95_ms, p99_ms, error_rate, "
            "availability, error_codes; did you mean 'p99_ms'?",
        ),
        (
            TESTS + "[slos]\n",
            "slos: no such key in a plan; allowed: service, tests, slo, demand, policy, limit, size, "
            "cost, team, investment, promise, attestation, claim, ledger; did you mean 'slo'?",
        ),
        (TESTS + "[slo]\np95_ms = -3", "slo.p95_ms: -3; allowed: milliseconds above 0, at most 3600000"),
        (TESTS + "[slo]\np95_ms = nan", "slo.p95_ms: nan; allowed: milliseconds above 0, at most 3600000"),
        (TESTS + "[slo]\np95_ms = '3'", "slo.p95_ms: '3'; allowed: milliseconds above 0, at most 3600000"),
        (TESTS + "[slo]\np95_ms = true", "slo.p95_ms: true; allowed: milliseconds above 0, at most 3600000"),
        (
            TESTS + "[slo]\np95_ms = 2027-01-01",
            "slo.p95_ms: 2027-01-01; allowed: milliseconds above 0, at most 3600000",
        ),
        (
            TESTS + "[slo]\np95_ms = 300\np99_ms = 200",
            "slo: p95_ms = 300, p99_ms = 200; allowed: p50_ms <= p95_ms <= p99_ms, "
            "for P99 is never below P95",
        ),
        (
            TESTS + "[slo]\nerror_rate = 1",
            "slo.error_rate: 1; allowed: a fraction from 0 to below 1 (0.01 is 1%)",
        ),
        (
            TESTS + "[slo]\nerror_codes = [429]",
            'slo.error_codes[0]: 429; allowed: a status code in quotes, such as "429" or "5xx"',
        ),
        (TESTS + "[slo]\nerror_codes = '5xx'", "slo.error_codes: '5xx'; allowed: a list in [ ]"),
        (
            TESTS + "[demand]\nhistory = 'traffic.csv'\nhorizon_days = 0",
            "demand.horizon_days: 0; allowed: a whole number of days from 1 to 3650",
        ),
        (
            TESTS + "[demand]\nhorizon_days = 9",
            "demand: neither a history nor a growth; needed: history = a file of traffic, or growth_per_month = "
            "[low, likely, high] (and current_peak in req/s, else the highest rate tested is taken for it)",
        ),
        (
            TESTS + "[demand]\nhistory = 'traffic.csv'\ncurrent_peak = 9",
            "demand: current_peak = 9 beside a history; allowed: one of them, for the history shows the peak",
        ),
        (
            TESTS + "[demand]\nhistory = 'traffic.csv'\ngrowth_per_month = [0.2, 0.1, 0.3]",
            "demand.growth_per_month: the list [0.2, 0.1, 0.3]; allowed: growth a month as fractions "
            "from -0.9 to 1 (0.06 is 6%); one number, or [low, likely, high] in that order",
        ),
        (
            TESTS + "[demand]\nhistory = 'traffic.csv'\nevents = [{name='s', date='soon', multiplier=2}]",
            "demand.events[0].date: 'soon'; allowed: a day such as 2027-03-01",
        ),
        (
            TESTS + "[policy]\nrisk = inf",
            "policy.risk: inf; allowed: a fraction from 0.000001 to 0.5 (0.05 is 5%)",
        ),
        (
            TESTS + "[policy]\nspare_instances = 1.5",
            "policy.spare_instances: 1.5; allowed: a whole number of instances, 0 to 100000",
        ),
        (
            TESTS + "[cost]\ninstance_per_month = -5",
            "cost.instance_per_month: -5; allowed: an amount of money, 0 or more",
        ),
        (
            TESTS + "[[investment]]\nlever = 'x'\nhours = 1\nfactor = -inf",
            "investment[0].factor: -inf; allowed: finite numbers; "
            "one number, or [low, likely, high] in that order",
        ),
        (
            TESTS + "[[investment]]\nlever = 'x'\nhours = [0, 2, 3]",
            "investment[0].hours: the list [0, 2, 3]; allowed: hours of work, 0.01 or more; "
            "one number, or [low, likely, high] in that order",
        ),
        (
            TESTS + "[[limit]]\nname = 'db'\nrate = 3\nload = 5",
            "limit[0]: a limit by load, rate; allowed: rate [req/s], or utilization [fraction] at load [req/s] (and "
            "the most allowed), or available and per_instance (and environments)",
        ),
        (
            TESTS + "[[limit]]\nname = 'db'\nutilization = 35\nload = 5",
            "limit[0].utilization: 35; allowed: a fraction between 0 and 1 (0.05 is 5%)",
        ),
        (
            TESTS + "[policy]\nbalancer = 'round robin'",
            "policy.balancer: 'round robin'; allowed: random, round-robin, least-connections; did you mean "
            "'round-robin'?",
        ),
        (
            TESTS + "[cost]\ninstance_per_month = 5\ncurrency = '$'",
            "cost.currency: '$'; allowed: the three capital letters of a currency, such as \"EUR\"",
        ),
        (
            TESTS + "[[attestation]]\ngate = 'csrf'\npassed = 'yes'\nlink = 'x'",
            "attestation[0].passed: 'yes'; allowed: true or false",
        ),
        (
            TESTS + "[service]\nname = ' '",
            "service.name: ''; allowed: text of 1 to 200 characters that can be seen",
        ),
        (
            TESTS + "[service]\nname = 's'\ninstances_tested = 0",
            "service.instances_tested: 0; allowed: a whole number of instances, 1 to 100000",
        ),
        (
            TESTS + "a = 1\na = 2",
            "not TOML: Cannot overwrite a value (at end of document); "
            "allowed: [section] and key = value, each once",
        ),
        ("x = " + "[" * 20000, "nested too deeply; allowed: the sections that `capacity init` writes"),
        (b"\xff\xfe[\0t\0", "byte 0: not UTF-8; save the plan as UTF-8 text"),
        (b"#" * (MAX_BYTES + 1), "more than 1,000,000 bytes; allowed: a plan of at most 1 MB"),
    ],
)
def test_each_problem_is_one_exact_line(folder: Path, text: str | bytes, message: str) -> None:
    """The line says the key, what came, what is allowed and the nearest name."""
    assert refusal(folder, text) == message


def test_all_problems_are_told_at_once(folder: Path) -> None:
    """Nobody has to run it five times to find five slips."""
    text = TESTS + "colour = 'red'\n[slo]\np95_ms = -1\n[cost]\n[policy]\nrisk = 2\n"
    keys = [line.split(":")[0] for line in refusal(folder, text).splitlines()]
    assert keys == ["tests.colour", "slo.p95_ms", "policy.risk", "cost.instance_per_month"]


def test_of_very_many_problems_the_first_are_told(folder: Path) -> None:
    """A file that is something else altogether does not flood the terminal."""
    lines = refusal(folder, TESTS + "[slo]\n" + "".join(f"k{n} = 1\n" for n in range(100))).splitlines()
    assert len(lines) == 31
    assert lines[-1] == "and 70 more problems"


def test_hostile_names_are_shown_harmlessly(folder: Path) -> None:
    """Terminal control in a key does not reach the terminal."""
    message = refusal(folder, TESTS + '[slo]\n"\\u001b[31m\\u202ep95" = 1\n')
    assert "\x1b" not in message
    assert "\u202e" not in message


def test_a_byte_order_mark_is_accepted(folder: Path) -> None:
    """Windows editors write one."""
    assert accepted(folder, "\ufeff" + TESTS).tests["stress"].export == folder / "b.json"


@pytest.mark.parametrize("name", ["none.toml", ".", "nul\0.toml"])
def test_a_plan_that_cannot_be_read_is_refused(folder: Path, name: str) -> None:
    """Missing, a folder, or no file name at all: one line each."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_plan(folder / name)


CLAIM = TESTS + '[[claim]]\nquantity = "{}"\nvalue = {}\n'


def test_claims_are_read(folder: Path) -> None:
    """A claim keeps what it says of run, load, endpoint and sense; what it leaves out is None."""
    text = (
        CLAIM.format("p95_ms", 250)
        + 'load = 100\nrun = "stress"\nendpoint = "/a"\nsense = "about"\ntolerance = 0.2\n'
    )
    whole, bare = accepted(folder, text + '[[claim]]\nquantity = "recovers"\nvalue = true\n').claim
    assert (whole.load, whole.run, whole.endpoint, whole.sense, whole.tolerance) == (
        100,
        "stress",
        "/a",
        "about",
        0.2,
    )
    assert (bare.value, bare.load, bare.run, bare.sense) == (True, None, None, None)


@pytest.mark.parametrize("name", [*QUANTITIES, *ALIASES])
def test_every_quantity_can_be_claimed(folder: Path, name: str) -> None:
    """Each quantity of the table has a value that a plan may state."""
    value = {"yes/no": "true", "fraction": 0.5}.get(quantity(name).unit, 2)
    load = "load = 100\n" if quantity(name).load == "needed" else ""
    assert accepted(folder, CLAIM.format(name, value) + load).claim[0].quantity == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLAIM.format("p59_ms", 1), "claim[0].quantity: 'p59_ms'; allowed: p50_ms, "),
        (CLAIM.format("p95", 1), "; did you mean 'p95_ms'?"),
        (CLAIM.format("p95_ms", 0), "claim[0]: p95_ms = 0; allowed: milliseconds above 0, at most 3600000"),
        (
            CLAIM.format("p95_ms", "true"),
            "claim[0]: p95_ms = true; allowed: milliseconds above 0, at most 3600000",
        ),
        (
            CLAIM.format("p95_ms", "'fast'"),
            "claim[0].value: 'fast'; allowed: a finite number, or true or false",
        ),
        (CLAIM.format("p95_ms", "nan"), "claim[0].value: nan; allowed: a finite number, or true or false"),
        (
            CLAIM.format("success_rate", 99.9),
            "claim[0]: success_rate = 99.9; allowed: a fraction from 0 to 1 (0.01 is 1%)",
        ),
        (CLAIM.format("recovers", 2), "claim[0]: recovers = 2; allowed: true or false"),
        (
            CLAIM.format("instances", 3),
            "claim[0]: instances without a load; needed: load = the rate to be carried [req/s]",
        ),
        (
            CLAIM.format("instances", 2.5) + "load = 3",
            "claim[0]: instances = 2.5; allowed: a whole number of instances, 1 to 100000",
        ),
        (
            CLAIM.format("capacity", 3) + "load = 3",
            "claim[0]: capacity with a load; allowed: no load, for it belongs to none",
        ),
        (
            CLAIM.format("capacity", 3) + "endpoint = '/a'",
            "claim[0]: capacity of an endpoint; allowed: no endpoint, for it is of the whole service",
        ),
        (
            CLAIM.format("capacity", 3) + "tolerance = 0.1",
            'claim[0]: a tolerance without "about"; allowed: sense = "about", or no tolerance',
        ),
        (
            CLAIM.format("capacity", 3) + "run = 'stres'",
            "claim[0].run: 'stres'; allowed: a test of this plan: stress; did you mean 'stress'?",
        ),
        (
            CLAIM.format("capacity", 3) + "sense = 'atmost'",
            "claim[0].sense: 'atmost'; allowed: at most, at least, about; did you mean 'at most'?",
        ),
        (
            CLAIM.format("capacity", 3) + "rate = 3",
            "claim[0].rate: no such key in claim[0]; allowed: quantity, value, load, endpoint, run, sense, tolerance",
        ),
    ],
)
def test_claims_are_refused(folder: Path, text: str, message: str) -> None:
    """What cannot be claimed is refused with what can, and the nearest name."""
    assert message in refusal(folder, text)


@pytest.mark.parametrize(
    ("key", "section"), [("p95_ms", "slo"), ("current_peak", "demand"), ("risk", "policy")]
)
def test_a_key_whose_section_was_left_behind_a_hash_is_told(folder, key, section):
    """Who takes the # off a key and not off its section is told which line that is."""
    told = refusal(folder, f'[tests]\nstress = "stress.json"\n# [{section}]\n{key} = 0.2')
    assert told.endswith(f"it belongs to [{section}]: is that line still behind a #?")
