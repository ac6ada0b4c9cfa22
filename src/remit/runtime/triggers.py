"""Stand for every trigger: what runs a function was settled when it was deployed."""

from remit import nothing


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return nothing
