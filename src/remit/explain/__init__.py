"""Questions to roles: what a function may do, why a request was denied, what an override breaks."""
