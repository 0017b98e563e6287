"""One model of the service, which work changes."""
