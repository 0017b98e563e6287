"""The folder of each report in a run of many."""

from pathlib import Path

import pytest

from capacity.report.several.naming import slugs


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([("shop", "x/plan.toml")], ["shop"]),
        ([("магазин", "x/shop.toml")], ["shop"]),
        ([("магазин", "x/магазин.toml")], ["service"]),
        ([("../..", "x/a.toml"), ("CON/..\\x", "b.toml")], ["a", "con-x"]),
        ([("Shop", "x/plan.toml"), ("shop", "y/plan.toml")], ["shop-x", "shop-y"]),
        ([("s", "x/1/plan.toml"), ("s", "y/1/plan.toml")], ["s-x-1", "s-y-1"]),
        ([("s", "x/a.toml"), ("s", "y/a.toml")], ["s-x-a", "s-y-a"]),
        ([("s 2", "q.toml"), ("s", "x/y/a.toml"), ("s", "z/y/a.toml")], ["s-2", "s-y-a", "s-y-a-2"]),
        ([("x" * 200, "a.toml")], ["x" * 60]),
    ],
)
def test_folders_have_names_of_their_own(services: list[tuple[str, str]], expected: list[str]) -> None:
    """Safe on every system, unique, and the same whatever the order where the plans differ."""
    given = [(name, Path(path)) for name, path in services]
    found = slugs(given)
    assert found == expected
    assert sorted(slugs(given[::-1])) == sorted(found)
