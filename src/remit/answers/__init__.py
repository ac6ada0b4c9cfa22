"""Questions to roles: what a function may do, why a call was denied, and the edit of the source that would allow it."""
