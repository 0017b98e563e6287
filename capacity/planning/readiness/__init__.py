"""May the service be launched: gates and verdict."""
