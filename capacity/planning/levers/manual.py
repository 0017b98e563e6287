"""The page of each lever in docs/levers.md, from its docstring and the catalogue.

Write it with ``python -m capacity.planning.levers.manual > docs/levers.md``.
"""

from __future__ import annotations

import inspect
import re

from capacity.planning.levers.catalogue import LEVERS, Lever
from capacity.planning.system.facts import Parameter

_HEAD = """# The levers: what each piece of work changes, what it needs to know, what harm it does

Every lever is a function of one model of the service (`System`); none carries a benefit. What it is worth is the
difference of `evaluate` with and without it, alone or beside others. A parameter that is missing makes it not
evaluable and is named; what is optional claims no effect when absent. Numbers are single ones or
`[low, likely, high]`. "Rests on" is what such a number can rest on at best: `measured`, `config` (a setting of your
own), `vendor`, `survey` or `assumed`. Facts about today are stated once, with any investment, and hold for all of them.

This page is generated from the docstrings of `capacity.planning.levers` and `capacity.planning.levers.catalogue`."""

_KINDS = {
    "change": "",
    "gate": "A gate of readiness: passed with evidence or not, never a figure of benefit.",
    "information": "Its value is that of what is known better, computed with the portfolio.",
}


def manual() -> str:
    """Return the page of every lever, in the order of the catalogue.

    Examples
    --------
    >>> print(manual().splitlines()[0])
    # The levers: what each piece of work changes, what it needs to know, what harm it does
    """
    return "\n\n".join([_HEAD, *(_page(lever) for lever in LEVERS.values())]) + "\n"


def _page(lever: Lever) -> str:
    title, model, sources = _told(lever)
    parts = [f"## {lever.name}", title, model, _KINDS[lever.kind]]
    if lever.requires:
        parts.append(f"Needs first: {', '.join(lever.requires)}.")
    parts += [_table("what the work changes", lever.parameters), _table("facts about today", lever.facts)]
    parts += [f"**Harm.** {lever.harm}", f"**Interactions.** {lever.interactions}", f"**Source.** {sources}"]
    return "\n\n".join(filter(None, parts))


def _told(lever: Lever) -> tuple[str, str, str]:
    """First line, model and sources, from the docstring."""
    text = inspect.getdoc(lever.apply) or ""
    told, *sections = re.split(r"\n\n(?=[A-Z]\w+\n-{5,}\n)", text)
    title, _, model = told.partition("\n\n")
    references = next((s for s in sections if s.startswith("References")), "").split("\n", 2)[-1]
    sources = re.sub(r"\s+", " ", references.replace(".. [", "["))
    return title, model.replace("\n", " "), sources


def _table(title: str, parameters: tuple[Parameter, ...]) -> str:
    if not parameters:
        return ""
    rows = [
        f"| `{item.name}` | {item.unit} | {item.meaning} | {_need(item)} | {item.bounds} | {item.provenance} |"
        for item in parameters
    ]
    head = f"| {title} | unit | meaning | needed | allowed | rests on |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _need(item: Parameter) -> str:
    if item.unless:
        return f"or {', '.join(f'`{name}`' for name in item.unless)}"
    return "yes" if item.required else "optional"


if __name__ == "__main__":
    print(manual(), end="")
