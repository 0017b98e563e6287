"""Findings: what speaks against a claim, with the numbers that show it and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from capacity.errors import DomainError
from capacity.estimate import number
from capacity.shown import Shown
from capacity.wording import counted, plain, visible

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["voids", "weakens", "notes"]
Claim = Literal["capacity", "response time", "error rate", "availability", "offered load", "totals"]
_GRAVEST_FIRST: tuple[Severity, ...] = get_args(Severity)
_CLAIMS: tuple[Claim, ...] = get_args(Claim)


@dataclass(frozen=True)
class Finding(Shown):
    """One reason why a test does not prove what it seems to, or proves less.

    Parameters
    ----------
    code : str
        Stable name of the kind of finding, e.g. ``"generator_exhausted"``.
    severity : {"voids", "weakens", "notes"}
        Whether the claim cannot be made, can be made with less certainty, or only needs a remark.
    claim : str
        What it speaks against: capacity, response time, error rate, availability, offered load or totals.
    message : str
        The finding in complete sentences.
    evidence : dict
        The numbers that show it; times in seconds, shares as fractions. What is not known is left out.
    remedy : str
        What to do, as an imperative sentence.
    test : str
        Name of the test; names joined by commas where the finding is about several together.
    periods : tuple of int
        Rows of `LoadTest.periods` concerned; empty where it is the whole test. [rows]
    endpoints : tuple of str
        Endpoints concerned, named as in the export.

    Raises
    ------
    DomainError
        If the severity or the claim is not one of those above.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> worst = study.findings.items[0]
    >>> worst.severity, worst.claim
    ('voids', 'error rate')
    >>> print(worst.remedy)
    Quote the error rate by status code, and let the script expect the right status.
    """

    code: str
    severity: Severity
    claim: Claim
    message: str
    evidence: Mapping[str, Any]
    remedy: str
    test: str
    periods: tuple[int, ...] = ()
    endpoints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for value, allowed in ((self.severity, _GRAVEST_FIRST), (self.claim, _CLAIMS)):
            if value not in allowed:
                raise DomainError(f"{value!r} in finding {self.code!r}; allowed: {', '.join(allowed)}")
        object.__setattr__(self, "evidence", _plain_values(self.evidence))
        object.__setattr__(self, "periods", tuple(int(row) for row in self.periods))

    def __str__(self) -> str:
        return f"{self.severity} {self.claim}: {self.message}"


@dataclass(frozen=True)
class Findings(Shown, Sequence[Finding]):
    """Findings about one or several tests, the gravest first; empty (and false) where nothing was found.

    Parameters
    ----------
    items : iterable of Finding
        In any order; findings of one severity keep theirs.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> [(item.severity, item.claim) for item in study.findings][:2]
    [('voids', 'error rate'), ('voids', 'error rate')]
    """

    items: tuple[Finding, ...] = field(default=())

    def __post_init__(self) -> None:
        ordered = sorted(self.items, key=lambda finding: _GRAVEST_FIRST.index(finding.severity))
        object.__setattr__(self, "items", tuple(ordered))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        return Findings(self.items[index]) if isinstance(index, slice) else self.items[index]

    def voids(self, claim: Claim, test: str | None = None) -> Findings:
        """Return the findings that void a claim, of one test where named; false where the claim stands."""
        return self._only(
            lambda f: f.severity == "voids" and f.claim == claim and (test is None or f.test == test)
        )

    def about(self, claim: Claim) -> Findings:
        """Return all findings about a claim."""
        return self._only(lambda f: f.claim == claim)

    def of(self, code: str) -> Findings:
        """Return the findings of one kind."""
        return self._only(lambda f: f.code == code)

    @property
    def text(self) -> str:
        """What the tests cannot prove and why, in sentences."""
        if not self.items:
            return "Nothing in the tests speaks against what they show."
        void = {claim: found for claim in _CLAIMS if (found := self.voids(claim))}
        head = f"Not proven as it stands: {_listed(void)}." if void else "No claim is void."
        return " ".join([head, *(_first_of(found) for found in void.values()), self._rest()]).strip()

    def of_severity(self, severity: Severity) -> Findings:
        """Return the findings of one severity."""
        return self._only(lambda f: f.severity == severity)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a finding."""
        import pandas as pd

        columns = [
            "severity",
            "claim",
            "code",
            "test",
            "message",
            "remedy",
            "evidence",
            "periods",
            "endpoints",
        ]
        return pd.DataFrame([[getattr(f, name) for name in columns] for f in self], columns=columns)

    def _only(self, chosen: Any) -> Findings:
        return Findings(tuple(finding for finding in self if chosen(finding)))

    def _rest(self) -> str:
        weaker, notes = len(self.of_severity("weakens")), len(self.of_severity("notes"))
        told = [f"{counted(weaker, 'finding weakens', 'findings weaken')} a claim"] if weaker else []
        told += [counted(notes, "is a note", "are notes")] if notes else []
        return f"{_listed(told)}." if told else ""

    def _repr_html_(self) -> str:
        from capacity.display import table

        shown = self.to_frame()[["severity", "claim", "test", "message", "remedy"]]
        return table(shown, "What speaks against the tests, the gravest first")._repr_html_()


def percent(share: float) -> str:
    """Write a share of a whole.

    Examples
    --------
    >>> percent(0.983), percent(0.9995)
    ('98%', '99.95%')
    """
    if 0.1 <= share < 0.985:
        return f"{100 * share:.0f}%"
    return f"{plain(share, 'share').removesuffix('.0')}%"


def seconds(time: float) -> str:
    """Write a response time.

    Examples
    --------
    >>> seconds(0.0461), seconds(4.7706)
    ('46.1 ms', '4.77 s')
    """
    return f"{number(1000 * time)} ms" if time < 1 else f"{number(time)} s"


def named(names: Iterable[object], most: int = 3) -> str:
    r"""Write names from an export, the first few of many, without control characters.

    Examples
    --------
    >>> named(["/a", "/b\x1b", "/c", "/d", "/e"])
    '/a, /b, /c and 2 more'
    """
    shown = [visible(name) for name in names]
    if len(shown) <= most + 1:
        return _listed(shown)
    return f"{', '.join(shown[:most])} and {len(shown) - most} more"


def frequencies(counts: Mapping[Any, float], most: int = 3) -> str:
    """Write how often each of some things came, the most frequent first.

    Examples
    --------
    >>> frequencies({503: 3920, 429: 5730})
    '5,730 × 429 and 3,920 × 503'
    """
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return named((f"{n:,.0f} × {visible(name, 40)}" for name, n in ordered if n), most)


def _listed(words: Iterable[str]) -> str:
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _first_of(found: Sequence[Finding]) -> str:
    first, others = found[0], len(found) - 1
    more = f" ({counted(others, 'more finding voids', 'more findings void')} this claim.)" if others else ""
    return f"{first.claim.capitalize()}, {visible(first.test)}: {first.message}{more}"


def _plain_values(evidence: Mapping[str, Any]) -> dict[str, float | int | str]:
    """Return the known values as Python's own types, so that they can be written as JSON."""
    values = {str(key): getattr(value, "item", lambda v=value: v)() for key, value in evidence.items()}
    return {key: value for key, value in values.items() if value is not None and not _is_nan(value)}


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
