"""How claims are judged, by what they are about."""
