"""Seeds: one number for a study, a stream for everything in it."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.simulation.seeds import child, generators


def test_child_is_the_spawned_one():
    """Child k is what SeedSequence.spawn gives as its number k."""
    spawned = np.random.SeedSequence(5).spawn(3)[2].generate_state(2, np.uint64)
    assert child(5, 2) == int(spawned[0]) << 64 | int(spawned[1])


def test_streams_differ():
    """No two kinds of draw, and no two children, share numbers."""
    draws = {float(one.random()) for seed in (1, child(1, 0), child(1, 1)) for one in generators(seed, 3)}
    assert len(draws) == 9


def test_fewer_streams_are_the_first():
    """A kind of draw more leaves the others as they were."""
    one, three = generators(1, 1)[0], generators(1, 3)[0]
    assert one.random() == three.random()


@pytest.mark.parametrize("seed", [-1, 1.5])
def test_no_seed(seed):
    """Only whole numbers from 0 up are seeds."""
    with pytest.raises(DomainError, match=f"seed {seed} is not allowed; give a whole number, 0 or above"):
        generators(seed, 1)
