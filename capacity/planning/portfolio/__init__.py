"""Which work first, and what it is worth."""
