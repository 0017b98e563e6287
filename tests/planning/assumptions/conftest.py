"""Studies small enough to be asked again and again: one test of one instance, and what a plan adds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.plan import Plan
from capacity.study import Study


@pytest.fixture(scope="session")
def study(storefront: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Study]:
    """Make the study of the steps against one instance, with more sections of a plan; all on the same evidence."""
    made: dict[str, Study] = {}
    folder = tmp_path_factory.mktemp("plans")

    def opened(more: str) -> Plan:
        file = folder / f"{len(made)}.toml"
        file.write_text(f'[tests]\nsteps = "{(storefront / "steps-1.json").as_posix()}"\n{more}')
        return Plan.open(file)

    def make(more: str = "") -> Study:
        if not made:
            made[""] = Study(opened(""))
        if more not in made:
            made[more] = made[""]._otherwise(opened(more), capacity=made[""].capacity)
            for part in ("demand", "investments"):
                vars(made[more]).pop(part, None)
        return made[more]

    return make
