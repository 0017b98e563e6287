"""Gates that somebody states: shown as stated, with where it is shown."""

from types import SimpleNamespace as Make

import pytest

from capacity.planning.readiness.attestations import USUAL, not_stated, stated, unspoken


@pytest.mark.parametrize(("passed", "status"), [(True, "pass"), (False, "fail")])
def test_an_attestation_is_shown_as_stated(make: Make, passed: bool, status: str) -> None:
    """Its provenance is what somebody set, its evidence the link, its note is told."""
    (gate,) = stated(make.known(attestations=[make.attestation("TLS", passed, "by the platform team")]))
    assert (gate.name, gate.status, gate.provenance) == ("TLS (stated)", status, "config")
    assert gate.evidence == "https://example.org/it"
    assert gate.measured.endswith("passed: by the platform team")


def test_a_stated_gate_never_passes_for_a_measured_one(make: Make) -> None:
    """Somebody who states "evidence" does not replace the gate of that name."""
    (gate,) = stated(make.known(attestations=[make.attestation("evidence")]))
    assert gate.name == "evidence (stated)"


def test_no_control_characters(make: Make) -> None:
    """Text from a plan file is made readable."""
    (gate,) = stated(make.known(attestations=[make.attestation("a\x1b[31m\u202eb")]))
    assert gate.name == "a[31mb (stated)"


@pytest.mark.parametrize("name", ["csrf", "CSRF protection", "csrf_tokens", "anti-CSRF"])
def test_an_attestation_covers_a_usual_gate_by_its_words(make: Make, name: str) -> None:
    """Capitals, dashes and further words do not matter."""
    assert "CSRF" not in unspoken(make.known(attestations=[make.attestation(name)]))


def test_part_of_a_word_covers_nothing(make: Make) -> None:
    """TLS is not meant by a word that happens to hold its letters."""
    assert unspoken(make.known(attestations=[make.attestation("outtlsed")])) == list(USUAL)


def test_who_states_one_is_told_the_others(make: Make) -> None:
    """Tier 2 names what is missing once anything is stated, as advice; tier 1 always, and needs it; tier 3 never."""
    for tier, alone, beside in ((1, 7, 6), (2, 0, 6), (3, 0, 0)):
        assert len(not_stated(make.known(tier=tier))) == alone
        found = not_stated(make.known(tier=tier, attestations=[make.attestation("TLS")]))
        assert len(found) == beside
        assert all(gate.status == "unknown" and gate.needed is (tier == 1) for gate in found)
