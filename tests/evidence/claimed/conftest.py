"""Claims held against tests, for all tests of how they are judged."""

import pytest
from claim import Claim

from capacity.evidence.audit import audit
from capacity.evidence.claims import judge
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.steps import find_steps


@pytest.fixture(scope="session")
def claim():
    """Make a claim."""
    return Claim


@pytest.fixture(scope="session")
def judged():
    """Hold claims against tests of a study; those of the fewest instances are the deployment."""
    known = {}

    def hold(tests, *claims, slo=None):
        slo = slo or Slo({0.95: 0.5})
        key = (*map(id, tests), str(slo))  # the tests are kept, so that no other has their id
        if key not in known:
            known[key] = (tests, evidence(tests, slo))
        return judge(claims, tests=tests, slo=slo, **known[key][1])

    return hold


def evidence(tests, slo):
    """Compute once what all claims about the same tests need."""
    steps = {test.name: find_steps(test) for test in tests}
    one = [test for test in tests if test.instances == min(t.instances for t in tests)]
    capacity = find_limits(one, [step for test in one for step in steps[test.name]], slo)
    return {"steps": steps, "capacity": capacity, "findings": audit(tests, steps=steps, slo=slo)}
