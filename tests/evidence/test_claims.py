"""Claims held against the evidence: published ones, random ones on stations of known truth, and how they are shown."""

import json

import numpy as np
import pytest
from claim import Claim

from capacity.errors import DomainError
from capacity.evidence import exports
from capacity.evidence.audit import audit
from capacity.evidence.claims import judge
from capacity.evidence.findings import Findings
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.steps import find_steps

OPEN = "not supported by this evidence"
CONTACTS, ASSET = "/api/contacts/list", "/_next/static/css/app.css"


PUBLISHED = [
    # The table: load, "success", P95, P99 of each run. 46 ms is the P95 of one endpoint, the run's is 4.77 s.
    (Claim("offered_rate", 100, run="basic"), "contradicted", "100 is the rate of virtual users"),
    (
        Claim("success_rate", 1.0, run="basic"),
        "contradicted",
        "9,650 of 33,102 requests of basic failed (29%)",
    ),
    (
        Claim("p95_ms", 46, run="basic"),
        "contradicted",
        "46 ms is the P95 of the endpoint / alone. Over all 33,102",
    ),
    (Claim("p99_ms", 424, run="basic"), "contradicted", "424 ms is the P99 of the endpoint / alone"),
    (Claim("offered_rate", 500, run="stress"), "contradicted", "156 of them left the generator"),
    (Claim("success_rate", 0.346, run="stress"), "contradicted", "the share of requests that got any answer"),
    (Claim("p95_ms", 8352, run="stress"), OPEN, "8.35 s is what the tool printed for all answers"),
    (Claim("p99_ms", 9607, run="stress"), OPEN, "over the 13,710 successful ones 2.32 s"),
    (Claim("capacity", 300, run="stress", sense="about"), OPEN, "the load generator itself ran out of ports"),
    (Claim("offered_rate", 500, run="spike"), "contradicted", "500 is the rate of virtual users"),
    (
        Claim("success_rate", 0.383, run="spike"),
        "contradicted",
        "30,302 of 37,535 requests of spike failed (81%)",
    ),
    (Claim("p95_ms", 8693, run="spike"), OPEN, "over the 7,233 successful ones 3.26 s"),
    (Claim("p99_ms", 9607, run="spike"), OPEN, "81% of the requests failed or got no answer"),
    (Claim("graceful_degradation", True, run="spike"), "contradicted", "Refusals: 7% of 19,002 failures"),
    (Claim("recovers", True, run="spike"), "supported", "found: at most 20 s"),
    # The sentences about endpoints and rates: times of rejections, and a rate that was meant, not sent.
    (
        Claim("p95_ms", 22, endpoint=CONTACTS, run="basic"),
        OPEN,
        "is that of its errors: 100% of its 5,830 answers",
    ),
    (Claim("p95_ms", 4, endpoint=ASSET, run="basic"), OPEN, "were rejections (7,772 × 404)"),
    (Claim("offered_rate", 296, run="stress"), "contradicted", "is the rate the generator was to send"),
    (Claim("throughput", 296, run="stress"), "contradicted", "99 were answered and 40.7 successfully"),
    # The sentences about capacity: comfortable to 100, acceptable to 250. One endpoint takes 4 s at any load.
    (
        Claim("p95_ms", 500, load=100, run="basic"),
        "contradicted",
        "4.62 s of all answers, 31.9 ms of the successful",
    ),
    (Claim("error_rate", 0.01, load=100, run="basic"), "contradicted", "No run held 100 req/s"),
    (
        Claim("p95_ms", 500, load=250, run="stress"),
        "contradicted",
        "6.93 s of all answers, 13.1 ms of the successful",
    ),
    (Claim("capacity", 275, run="stress", sense="about"), OPEN, "was really tested up to 234 req/s only"),
    # The table of scaling: no more than one instance was tested, and the spike saturated it at 74 req/s.
    (Claim("capacity", 250), "contradicted", "The capacity is 74.1 req/s"),
    (Claim("instances", 1, load=250), "contradicted", "1 instance 74.1 req/s"),
    (Claim("instances", 3, load=750), "contradicted", "3 instances were not tested; scaling without loss"),
    (Claim("instances", 5, load=1500), "contradicted", "they would carry at best 414 req/s"),
    (Claim("scaling_efficiency", 1.0), OPEN, "at least two different numbers of them"),
    (Claim("availability", 0.999), "contradicted", "failed (31%)"),
]


@pytest.fixture(scope="module")
def public(shared):
    """The three public exports, and what claims are held against."""
    folder, slo = shared / "field-exports", Slo({0.95: 0.5, 0.99: 1.0})
    tests = [exports.read(folder / f"{name}.json").named(name) for name in ("basic", "stress", "spike")]
    return evidence(tests, slo)


def evidence(tests, slo):
    """What `judge` takes, of tests against one deployment."""
    steps = {test.name: find_steps(test) for test in tests}
    capacity = find_limits(tests, [step for found in steps.values() for step in found], slo)
    found = audit(tests, steps=steps, slo=slo)
    return {"tests": tests, "steps": steps, "capacity": capacity, "findings": found, "slo": slo}


@pytest.mark.parametrize(("claim", "verdict", "because"), PUBLISHED, ids=lambda x: str(x)[:60])
def test_published_claims(public, claim, verdict, because):
    """Each published figure gets the right answer for the true reason."""
    (judgement,) = judge([claim], **public)
    assert (judgement.verdict, because in judgement.reason) == (verdict, True), judgement.reason


def truths(rng, station, loads):
    """Return what a long run of the station at each load measures: response times [s] and which succeeded."""
    found = {}
    for load in loads:
        arrivals = np.arange(0, 240, 1 / load)
        ends, accepted = station.serve(arrivals, rng)
        late = arrivals > 60
        found[load] = (ends - arrivals)[late], (accepted & np.isfinite(ends))[late]
    return found


def random_claim(rng, capacity, truth):
    """Return a claim, wrong or right by up to a factor of two, and whether it is true (None: a matter of words)."""
    quantity = rng.choice(["p50_ms", "p95_ms", "p99_ms", "mean_ms", "error_rate", "success_rate", "capacity"])
    factor = float(np.exp(rng.choice([-1, 1]) * rng.uniform(0.03, 0.7)))
    if quantity == "capacity":
        return Claim("capacity", capacity * factor), factor <= 1
    load = float(rng.choice(list(truth)))
    times, good = truth[load]
    failed = 1 - good.mean()
    if quantity in ("error_rate", "success_rate"):
        share = min(max(failed * factor, 0.005 * factor), 0.99)
        value = share if quantity == "error_rate" else 1 - share
        return Claim(quantity, value, load=load), bool(failed <= share)
    q = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}.get(quantity)
    value = factor * (times[good].mean() if q is None else np.quantile(times[good], q))
    hidden = failed >= (0.01 if q is None else 1 - q)
    return Claim(quantity, 1000 * value, load=load), False if factor < 1 else None if hidden else True


def test_random_claims(station):
    """Of 220 random claims hardly a true one is contradicted, hardly a false one supported; many are decided."""
    rng = np.random.default_rng(7)
    wrong, decided, asked = [], 0, 0
    for law in ("exponential", "deterministic", "hyperexponential") * 3:
        service = station.Station(
            servers=4, service_time=rng.uniform(0.03, 0.06), law=law, queue=int(rng.choice([20, 60]))
        )
        levels = np.sort(rng.uniform(0.25, 1.4, 4)) * service.capacity
        test = station.run(service, [(60, level) for level in levels], seed=int(rng.integers(1000)))
        truth = truths(rng, service, [*levels[::2], *rng.uniform(0.3, 1.5, 2) * service.capacity])
        claims, right = zip(*(random_claim(rng, service.capacity, truth) for _ in range(25)), strict=True)
        for judgement, true in zip(judge(claims, **evidence([test], Slo())), right, strict=True):
            asked += 1
            decided += judgement.verdict != OPEN
            if judgement.verdict == ("contradicted" if true else "supported"):
                wrong.append(str(judgement))
            if true is None and judgement.verdict != OPEN:
                wrong.append(str(judgement))
    assert asked >= 220
    assert len(wrong) < 0.05 * asked / 2, wrong
    assert decided > 0.3 * asked


@pytest.fixture(scope="module")
def small(station):
    """A short run with one load."""
    return evidence([station.run(station.Station(), [(40, 50)], name="stress")], Slo())


@pytest.mark.parametrize(
    ("claim", "because"),
    [
        (Claim("p95_ms", 50, run="stres"), "There is no run stres; did you mean 'stress'?"),
        (Claim("p95_ms", 50, run="x\x1b[2J"), "There is no run x[2J in the plan"),
        (Claim("p95_ms", 50, endpoint="/api"), "No endpoint of stress is /api."),
    ],
)
def test_what_does_not_exist(small, claim, because):
    """A run or endpoint that does not exist is named, with the nearest."""
    (judgement,) = judge([claim], **small)
    assert judgement.verdict == OPEN
    assert judgement.reason.startswith(because)


def test_nearest_endpoint(public):
    """A slip of the finger in an endpoint is answered with the nearest."""
    (judgement,) = judge([Claim("p95_ms", 22, endpoint="/api/contact/list", run="basic")], **public)
    assert "did you mean '/api/contacts/list'?" in judgement.reason


def test_no_tests():
    """Without a test nothing can be held against anything."""
    found = judge(
        [Claim("capacity", 300)], tests=[], steps={}, capacity=find_limits([], []), findings=Findings()
    )
    assert found[0].verdict == OPEN


def test_unknown_quantity(small):
    """A quantity that does not exist is refused."""
    with pytest.raises(DomainError, match="'speed' is no quantity to claim"):
        judge([Claim("speed", 3)], **small)


def test_judgements(small):
    """They come in the order of the claims, as a table, as sentences and by verdict."""
    claims = [Claim("p95_ms", 5000, load=50), Claim("p95_ms", 1, load=50), Claim("capacity", 9999)]
    found = judge(claims, **small)
    assert [j.verdict for j in found] == ["supported", "contradicted", OPEN]
    assert list(found.to_frame()["claim"]) == [j.claim.words for j in found]
    assert found.text.startswith("Of 3 claims 1 supported, 1 contradicted, 1 not supported by this evidence.")
    assert len(found.of("supported")) == len(found[:1]) == 1
    assert found[0].number.endswith("ms)")


def test_plain_data(small):
    """As JSON a judgement keeps the claim in seconds and the number supported with its interval."""
    (judgement,) = judge([Claim("p95_ms", 5000, load=50)], **small)
    read = json.loads(json.dumps(judgement.to_dict()))
    assert (read["quantity"], read["value"], read["load"]) == ("p95_ms", 5.0, 50)
    assert read["supported"]["high"] < 5


def test_html_is_safe(small):
    """Names from a plan cannot become markup."""
    shown = judge([Claim("p95_ms", 50, endpoint="<script>alert(1)</script>")], **small)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
