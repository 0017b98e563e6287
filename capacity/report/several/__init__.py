"""Several studies side by side: services, or variants of one plan."""
