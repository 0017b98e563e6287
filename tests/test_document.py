"""plan.json: its layout, its estimates, its inputs.

docs/plan.schema.json is made from real plans and the rules below. After a change of what plan.json holds:

    python tests/test_document.py --write
"""

import copy
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest

import capacity as cap
from capacity.document import read_every_input
from capacity.errors import InputError, UsageError
from capacity.estimate import Provenance
from capacity.evidence.limits import Status as CapacityStatus
from capacity.plain import SCHEMA, plain_data
from capacity.planning.readiness.gates import GateStatus
from capacity.planning.readiness.readiness import VerdictStatus
from capacity.study import Missing

HERE = Path(__file__).parents[1]
FILE = HERE / "docs" / "plan.schema.json"
ESTIMATE = {
    "description": "A number with its interval and where it comes from; an open side, or no best value, is null.",
    "type": "object",
    "additionalProperties": False,
    "required": ["value", "low", "high", "level", "unit", "method", "provenance"],
    "properties": {
        "value": {"type": ["number", "null"]},
        "low": {"type": ["number", "null"]},
        "high": {"type": ["number", "null"]},
        "level": {
            "description": "confidence of the interval [fraction]",
            "exclusiveMinimum": 0,
            "maximum": 1,
        },
        "unit": {"type": "string"},
        "method": {"type": "string"},
        "provenance": {"enum": list(get_args(Provenance))},
    },
}
MISSING = {
    "description": "A part that the plan or the evidence does not support, and why.",
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "reason"],
    "properties": {"name": {"type": "string"}, "reason": {"type": "string"}},
}
CELL = {"anyOf": [{"$ref": "#/$defs/estimate"}, {"type": ["string", "number", "boolean", "null"]}]}
MAPS = {"versions", "missing", "findings[].evidence", "capacity.points[].step.quantiles"} | {
    f"capacity.{part}" for part in ("slo", "model_free", "production")
}  # names come from the plan or the tests
PARTS = {
    "service_model", "concurrency_law", "next_test", "demand", "headroom", "fleet", "investments", "ledger",
    "fleet.choices", "fleet.response_times", "fleet.alternatives",
}  # fmt: skip
"""Parts that may be missing, and are told as such."""
WORDS: dict[str, list[Any]] = {
    "schema": [SCHEMA],
    "verdict.status": list(get_args(VerdictStatus)),
    "verdict.gates[].status": list(get_args(GateStatus)),
    "capacity.status": list(get_args(CapacityStatus)),
    "scaling[].status": list(get_args(CapacityStatus)),
    "inputs[].role": ["export", "script", "history", "earlier plan", "plan"],
}
MEANING = {
    "inputs": "every file the plan was made of", "inputs[].size": "[bytes]",
    "demand.weeks": "largest rate of each week of the horizon [req/s]: 5%, 50% and 95% quantile of the sampled worlds",
    "fleet.options[].safe_load": "what so many instances may be given, median of the worlds [req/s]",
    "fleet.options[].safe_load_low": "its 5% quantile [req/s]",
    "fleet.options[].safe_load_high": "its 95% quantile [req/s]",
    "fleet.options[].probability_missed": "chance of missing the objectives at the peak [fraction]",
    "fleet.options[].expected_shortfall": "mean excess of the peak [req/s]",
    "fleet.options[].cost_per_month": "[money of the plan]",
    "fleet.runway": "by when today's fleet is exhausted with each probability; null: beyond the horizon",
    "headroom": "from nominal to safe load, policy by policy [req/s]",
    "investments": "in the order to do them; money of the plan, minutes a year without prices",
    "ledger": "predictions of earlier plans, and what came",
}  # fmt: skip
ROWS = {
    "inputs", "scaling", "next_test", "headroom", "investments", "actions", "ledger", "demand.weeks", "fleet.options",
    "fleet.runway", "fleet.additions", "fleet.alternatives", "fleet.choices", "fleet.response_times",
    "concurrency_law.points",
    "service_model.checks", "service_model.response_times",
}  # fmt: skip
"""Tables: what every row has is required, unless it takes prices; a plan may lead to further columns."""
PRICED = {"cost", "npv", "probability_gain", "payback", "stand_alone", "in_order", "last_in", "shapley"}


def schema_of(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """JSON Schema of plan.json, by these examples and the rules above."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"plan.json, layout {SCHEMA}",
        "description": (
            "What a capacity report found, for other programs. Rates in req/s, times in seconds, shares as fractions; "
            "what is not known is null; a part that is left out says why in its place and under `missing`."
        ),
        **described(documents, ""),
        "$defs": {"estimate": ESTIMATE, "missing": MISSING},
    }


def described(values: list[Any], path: str) -> dict[str, Any]:
    """Schema of the values seen at a place."""
    kinds: list[dict[str, Any]] = []
    objects = [value for value in values if isinstance(value, dict)]
    if any(is_estimate(value) for value in objects):
        kinds += [{"$ref": "#/$defs/estimate"}, {"type": "null"}]
    plain = [value for value in objects if not is_estimate(value) and set(value) != {"name", "reason"}]
    if plain or path in MAPS:
        kinds.append(an_object(plain, path))
    lists = [value for value in values if isinstance(value, list)]
    if lists:
        kinds.append({"type": "array", **an_array([item for value in lists for item in value], path)})
    if path in PARTS or len(objects) > len(plain) + sum(map(is_estimate, objects)):
        kinds.append({"$ref": "#/$defs/missing"})
    return {
        **({"description": MEANING[path]} if path in MEANING else {}),
        **joined(kinds, scalars(values, path)),
    }


def scalars(values: list[Any], path: str) -> dict[str, Any]:
    """Schema of the text, numbers and truths among the values; nothing where there are none."""
    if path in WORDS:
        return {"enum": WORDS[path]}
    if path.endswith(".sha256"):
        return {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    names = {bool: "boolean", str: "string", int: "number", float: "number", type(None): "null"}
    found = {names[type(value)] for value in values if type(value) in names}
    found |= {"null"} if found and "." in path else set()  # below the top anything may be unknown
    return {"type": sorted(found)} if found else {}


def joined(kinds: list[dict[str, Any]], simple: dict[str, Any]) -> dict[str, Any]:
    """One schema of several; no condition where nothing was seen."""
    kinds = [*kinds, simple] if simple else kinds
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}


def an_object(values: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """Schema of an object: of free names, a row with any further columns, or closed."""
    if path in MAPS:
        seen = [item for value in values for item in value.values()]
        return {"type": "object", "additionalProperties": described(seen, f"{path}.*")}
    row = path.endswith("[]") and path[:-2] in ROWS
    names = list(dict.fromkeys(name for value in values for name in value))
    prefix = f"{path}." if path else ""
    return {
        "type": "object",
        "additionalProperties": CELL if row else False,
        "required": [
            name for name in names if all(name in value for value in values) and not (row and name in PRICED)
        ],
        "properties": {
            name: described([value[name] for value in values if name in value], f"{prefix}{name}")
            for name in names
        },
    }


def an_array(items: list[Any], path: str) -> dict[str, Any]:
    """Condition on the items of a list, where any was seen."""
    return {"items": described(items, f"{path}[]")} if items else {}


def is_estimate(value: Any) -> bool:
    """Whether this is an estimate as JSON has it, whole or in part."""
    return isinstance(value, dict) and bool({"provenance", "method"} & value.keys()) and "low" in value


def walk(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, with its place."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from walk(item, f"{path}.{name}")
    for number, item in enumerate(value if isinstance(value, list) else ()):
        yield from walk(item, f"{path}[{number}]")


def document_of(source: Path) -> dict[str, Any]:
    """plan.json of a study."""
    return json.loads(json.dumps(cap.Study.load(source).to_dict(), allow_nan=False))


BARE = """
[service]
name = "{service}"
[tests]
steps = {{ export = "{data}/steps-1.json", script = "{data}/steps-1.yml" }}
stress = "{data}/stress.json"
[demand]
history = "{data}/traffic-synthetic.csv"
horizon_days = 30
[[size]]
name = "large"
capacity_factor = [1.7, 1.9, 2.0]
instance_per_month = 90
[[limit]]
name = "quota"
rate = 100
[[attestation]]
gate = "TLS"
passed = true
link = "https://example.org"
[ledger]
plans = ["{earlier}"]
"""
"""A plan without prices that no fleet can meet, with an earlier plan to be held against it."""


def examples() -> list[dict[str, Any]]:
    """A whole plan, a bare export, and a plan where nothing can be recommended."""
    data = HERE / "data" / "storefront"
    whole, export = document_of(data / "plan.toml"), document_of(data / "steps-1.json")
    with TemporaryDirectory() as folder:
        earlier, plan = Path(folder, "earlier.json"), Path(folder, "plan.toml")
        earlier.write_text(json.dumps(export))
        plan.write_text(BARE.format(service=export["service"], data=data, earlier=earlier))
        return [whole, export, document_of(plan)]


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    """The examples."""
    return examples()


def test_the_schema_is_up_to_date(documents: list[dict[str, Any]]) -> None:
    """docs/plan.schema.json is what these rules make of the examples: else run this file with --write."""
    assert json.loads(FILE.read_text()) == schema_of(documents)


def test_plan_json_keeps_its_schema(documents: list[dict[str, Any]]) -> None:
    """It holds for the examples, and refuses a key too many in the document, an estimate, a gate and an input."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(FILE.read_text()))
    for document in documents:
        validator.validate(document)
    places = [
        (),
        ("verdict",),
        ("verdict", "gates", 0),
        ("capacity", "saturation_throughput"),
        ("demand", "peak"),
    ]
    for place in places:
        spoilt = copy.deepcopy(documents[0])
        target = spoilt
        for step in place:
            target = target[step]
        target["more"] = {"a": 1}
        assert not validator.is_valid(spoilt), place
    assert not validator.is_valid({**documents[0], "schema": SCHEMA + 1})


def test_every_estimate_is_complete(documents: list[dict[str, Any]]) -> None:
    """Wherever a document tells an interval it tells level, unit, method and provenance as well."""
    found = [(path, value) for document in documents for path, value in walk(document) if is_estimate(value)]
    assert len(found) > 50
    for path, value in found:
        assert list(value) == ESTIMATE["required"], path
        assert value["provenance"] in get_args(Provenance), path
        assert value["method"], path
        assert 0 < value["level"] < 1, path
        low, high = (value[side] if value[side] is not None else value["value"] for side in ("low", "high"))
        assert value["value"] is None or low <= value["value"] <= high, path


def test_every_input_has_its_checksum(documents: list[dict[str, Any]]) -> None:
    """Exports, scripts, the traffic history and the plan itself: name, size and SHA-256 are those of the files."""
    inputs = documents[0]["inputs"]
    folder = HERE / "data" / "storefront"
    assert [entry["role"] for entry in inputs] == ["export"] * 6 + ["script"] * 6 + ["history", "plan"]
    for entry in inputs:
        content = (folder / entry["file"]).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert [entry["role"] for entry in documents[1]["inputs"]] == ["export"]


def test_a_document_tells_no_path(documents: list[dict[str, Any]]) -> None:
    """Where the files lay is nobody's business, and would differ from machine to machine."""
    assert str(HERE) not in json.dumps(documents)


def test_sets_have_an_order() -> None:
    """Their own differs from process to process."""
    assert plain_data({"b", "a", "c"}) == ["a", "b", "c"]


def a_plan(folder: Path, text: str) -> cap.Study:
    """Study of a plan with one test and these lines more."""
    export = HERE / "data" / "storefront" / "steps-1.json"
    (folder / "plan.toml").write_text(f'[tests]\nsteps = "{export}"\n{text}')
    return cap.Study.load(folder / "plan.toml")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('[ledger]\nplans = ["broken.json"]\n', InputError, "broken.json: is no JSON"),
        ('[demand]\nhistory = "broken.json"\n', InputError, "broken.json"),
        (
            '[[investment]]\nlever = "retries"\nhours = 1\nretries_today = 2\n'
            '[[investment]]\nlever = "retries"\nhours = 1\nretries_today = 3\n',
            UsageError,
            "contradicts",
        ),
    ],
)
def test_no_bad_input_is_passed_over(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    """A broken ledger or history, and facts that contradict each other, are told whatever is asked."""
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(error, match=message):
        read_every_input(a_plan(tmp_path, text))


def test_earlier_plans_are_inputs(tmp_path: Path) -> None:
    """The plan.json that the ledger names is listed with its checksum, and so is a file named twice, once."""
    (tmp_path / "plan.json").write_text("{}")
    study = a_plan(tmp_path, '[ledger]\nplans = ["plan.json", "plan.json"]\n')
    assert study.inputs["role"].tolist() == ["export", "earlier plan", "plan"]
    assert study.inputs["sha256"].iloc[1] == hashlib.sha256(b"{}").hexdigest()


def test_what_is_missing_is_told_in_its_place(documents: list[dict[str, Any]]) -> None:
    """A bare export has no demand, and says why."""
    assert documents[1]["demand"] == plain_data(Missing("demand", documents[1]["missing"]["demand"]))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(json.dumps(schema_of(examples()), indent=2, ensure_ascii=False) + "\n")
    print(__doc__)
