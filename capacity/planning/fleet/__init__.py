"""How many instances carry it, from when, at what cost."""
