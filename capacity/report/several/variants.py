"""The page that compares variants of one plan, and which of the varied keys moves the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity.display import prose, table
from capacity.estimate import Estimate
from capacity.report.exporting import page, synthetic
from capacity.report.pages import links
from capacity.report.several.comparison import as_csv, drawn, instances
from capacity.report.several.summary import Summary
from capacity.wording import counted, heading, is_missing, plain, spoken, visible

if TYPE_CHECKING:
    import pandas as pd

    from capacity.report.pages import Making

Row = tuple[dict[str, Any], Summary]
_SHOWN = ("probability_missed", "peak", "promised", "capacity", "rent_needed", "work_worth")
_MOVED = ("needed", "probability_missed", "promised", "capacity", "peak", "rent_needed", "work_worth")
_READING = (
    "What moves: of all pairs of variants that differ in one key only, the largest change of each answer. A key that "
    "changes nothing here may do so together with values that were not tried.",
    "Every variant was studied from the same tests with the same seed, so that differences come from the values. Its "
    "whole plan.json is in the folder variants, under the number of the variant.",
)


def files(
    rows: Sequence[Row], numbers: Sequence[str], service: str, made: Making, plan: Path
) -> dict[str, bytes]:
    """Make the comparison, as a page and as sweep.csv.

    Parameters
    ----------
    rows : sequence of (dict, Summary)
        What was given for each key, and what came of it.
    numbers : sequence of str
        Name of each variant.
    service : str
        Whose plan it is.
    made : Making
        How the page was made.
    plan : Path
        The plan file.
    """
    return {
        "index.html": _page(rows, numbers, service, made, plan),
        "sweep.csv": as_csv(_numbered(rows, numbers)),
    }


def _numbered(rows: Sequence[Row], numbers: Sequence[str]) -> list[Row]:
    return [
        ({"variant": int(number)} | {key: _cell(value) for key, value in given.items()}, summary)
        for number, (given, summary) in zip(numbers, rows, strict=True)
    ]


def _page(rows: Sequence[Row], numbers: Sequence[str], service: str, made: Making, plan: Path) -> bytes:
    from capacity.report import plots

    summaries = [summary for _, summary in rows]
    named = drawn(summaries).assign(service=_names(rows, numbers))
    moved = moves(rows)
    frame, same = without_same(compared(rows, numbers))
    title = "What changes the answer?"
    cells: list[object] = [
        f"# {title}\n\nThe same plan with other values: one row a variant, the first key changing slowest.",
        prose(*told(rows, moved), same, *refused(rows, numbers)),
        table(frame, f"Variants of {visible(plan.name)}"),
        table(
            moved.drop(columns="lost"),
            "Largest change of each answer when one key changes and the others stay",
        ),
        plots.services(named, noun="variant"),
        "## How to read this",
        prose(*_READING),
    ]
    return page(
        synthetic(*cells), made.about(title, service, links({"Variants": "index.html"}, "Variants")), plan
    )


def refused(rows: Sequence[Row], numbers: Sequence[str]) -> list[str]:
    """Say which variants have no answer, those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for number, (_, summary) in zip(numbers, rows, strict=True):
        if not summary.answered:
            reasons.setdefault(summary.action, []).append(number)
    return [
        f"Refused: {'variant' if len(names) == 1 else 'variants'} {', '.join(names)}, for {reason}"
        for reason, names in reasons.items()
    ]


def compared(rows: Sequence[Row], numbers: Sequence[str]) -> pd.DataFrame:
    """Return what was varied and what came of it, a row a variant."""
    import pandas as pd

    summaries = [summary for _, summary in rows]
    varied = {spoken(key): [_text(given[key]) for given, _ in rows] for key in rows[0][0]}
    told = {
        "verdict": [row.headline for row in summaries],
        "instances": [instances(row) for row in summaries],
    }
    answers = {name: [getattr(row, name) for row in summaries] for name in _SHOWN}
    return pd.DataFrame({"variant": list(numbers), **varied, **told, **answers}, dtype=object)


def without_same(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Take the answers out of a table that are the same in every row that has one; tell them in a sentence."""
    same = {}
    answered = frame[~frame[list(_SHOWN)].map(is_missing).all(axis=1)]
    for column in _SHOWN:
        texts = {None if is_missing(value) else plain(value, column) for value in answered[column]}
        if len(texts) < 2:
            same[column] = next(iter(texts), None)
    told = [f"{heading(column)} {text}" for column, text in same.items() if text is not None]
    words = f"The same in every variant that has an answer: {'; '.join(told)}." if told else ""
    return frame.drop(columns=list(same)), words


def moves(rows: Sequence[Row]) -> pd.DataFrame:
    """Return how far each key alone moves each answer, the one that moves most first.

    Parameters
    ----------
    rows : sequence of (dict, Summary)
        What was given for each key, and what came of it.

    Returns
    -------
    DataFrame
        Of each key the verdicts it leads to, and the largest change of each answer between variants that differ
        in this key only; none where no such pair is known.
    """
    import pandas as pd

    found = [_moved(key, rows) for key in rows[0][0]]
    found.sort(
        key=lambda row: tuple(
            -(row[name] or 0.0)
            for name in ("lost", "_verdicts", "needed", "probability_missed", "work_worth", "peak")
        )
    )
    return pd.DataFrame(found, dtype=object).drop(columns="_verdicts")


def _moved(key: str, rows: Sequence[Row]) -> dict[str, Any]:
    alike: dict[str, list[Summary]] = {}
    for given, summary in rows:
        others = {other: value for other, value in given.items() if other != key}
        alike.setdefault(json.dumps(others, default=str), []).append(summary)
    groups = [[row for row in group if row.answered] for group in alike.values()]
    verdicts = max((list(dict.fromkeys(row.status for row in group)) for group in groups), key=len)
    row = {
        "key": key,
        "verdicts": ", ".join(verdicts) if len(verdicts) > 1 else "unchanged",
        "_verdicts": len(verdicts) - 1,
        "lost": any(0 < sum(row.needed is None for row in group) < len(group) for group in groups),
    }
    return row | {name: _largest(name, groups) for name in _MOVED}


def _largest(name: str, groups: Sequence[Sequence[Summary]]) -> float | None:
    """Return the largest difference of an answer within a group; None where no group knows two."""
    spans = []
    for group in groups:
        known = [value for row in group if (value := _value(getattr(row, name))) is not None]
        spans += [max(known) - min(known)] if len(known) > 1 else []
    return max(spans, default=None)


def _value(answer: Estimate | float | None) -> float | None:
    return answer.middle if isinstance(answer, Estimate) else answer


def told(rows: Sequence[Row], moved: pd.DataFrame) -> list[str]:
    """Say which key moves the answer most."""
    first = moved.iloc[0]
    changes = ["with some values no number of instances is known to do"] if first["lost"] else []
    if ", " in first["verdicts"]:
        changes.append(f"the verdict is {first['verdicts'].replace(', ', ' or ')}")
    if first["needed"]:
        changes.append(f"the instances needed differ by up to {first['needed']:.0f}")
    if first["probability_missed"] and first["probability_missed"] >= 0.0005:
        changes.append(
            f"the chance to miss the objectives by up to {100 * first['probability_missed']:.2g} points"
        )
    standing = f"{counted(len(rows), 'variant')} of {counted(len(rows[0][0]), 'key')}."
    if not changes:
        return [
            standing,
            "None of them moves the verdict, the instances needed or the chance to miss the objectives.",
        ]
    return [standing, f"{visible(first['key'], 100)} moves the answer most: {'; '.join(changes)}."]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False).strip('"')


def _cell(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else _text(value)


def _names(rows: Sequence[Row], numbers: Sequence[str]) -> list[str]:
    """Name variants by their number, for the values may be long, and the values."""
    given = (", ".join(map(_text, values.values())) for values, _ in rows)
    return [f"variant {number}: {values}" for number, values in zip(numbers, given, strict=True)]
