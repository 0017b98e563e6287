"""How much will be asked."""
