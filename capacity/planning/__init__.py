"""What to do about it: demand, fleet, investments, readiness and the recommendation."""
