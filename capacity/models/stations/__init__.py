"""One station: servers, who comes to them, and how long it takes; closed forms, exact solutions, approximations."""
