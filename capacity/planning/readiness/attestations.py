"""Gates that no load test sees: stated by somebody, shown as stated, never weighed against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capacity.planning.readiness.gates import Gate
from capacity.planning.readiness.known import Known
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.plan import Attestation

USUAL = (
    "authentication",
    "input validation",
    "secrets",
    "dependency scan",
    "TLS",
    "CSRF",
    "security headers",
)
"""What a service that faces a network is usually asked; an attestation covers one whose words its gate has."""

_REQUIREMENT = "somebody states that it is passed, and where that is shown"


def stated(known: Known) -> list[Gate]:
    """Return a gate for each attestation of the plan: passed or failed as somebody says, never measured."""
    return [_gate(attestation) for attestation in known.attestations]


def not_stated(known: Known) -> list[Gate]:
    """Return the usual gates nobody speaks of: unknown, but for the lower tiers only where others are stated."""
    asked = known.tier == 1 or (known.tier == 2 and bool(known.attestations))
    return [_absent(usual, known.tier == 1) for usual in unspoken(known)] if asked else []


def unspoken(known: Known) -> list[str]:
    """Return the usual gates that no attestation covers."""
    spoken_of = [_words(attestation.gate) for attestation in known.attestations]
    return [usual for usual in USUAL if not any(f" {usual.casefold()} " in words for words in spoken_of)]


def _gate(attestation: Attestation) -> Gate:
    note = f": {visible(attestation.note, 300)}" if attestation.note else ""
    passed = attestation.passed
    return Gate(
        name=f"{visible(attestation.gate)} (stated)",
        requirement=_REQUIREMENT,
        measured=f"stated as {'passed' if passed else 'not passed'}{note}",
        status="pass" if passed else "fail",
        evidence=visible(attestation.link, 300),
        remedy="" if passed else f"mend '{visible(attestation.gate)}', and state it again with what shows it",
        lever="" if passed else "security_hardening",
        provenance="config",
    )


def _absent(usual: str, needed: bool) -> Gate:
    return Gate(
        name=usual,
        requirement=_REQUIREMENT,
        measured="nobody states it",
        status="unknown",
        evidence="",
        remedy="state under [[attestation]] what was looked at, by whom, and where that is shown",
        lever="security_hardening",
        provenance="config",
        needed=needed,
    )


def _words(name: str) -> str:
    return f" {' '.join(name.casefold().replace('_', ' ').replace('-', ' ').split())} "
