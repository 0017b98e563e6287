"""How a notebook runs: its parameters, its kernel, and how far it is."""
