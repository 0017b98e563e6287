"""What happens beyond capacity: retries, limits, breakers, caches, backlogs and what replaces what is lost."""
