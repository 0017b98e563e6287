"""What the load tests measured, and what that proves."""
