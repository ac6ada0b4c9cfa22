"""The access that an operation of an API needs, by its parameters: for the gate, and for roles that are computed."""
