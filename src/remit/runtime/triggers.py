"""Stand for every trigger: what runs a function was settled when it was deployed."""

from remit import nothing  # inside a zip, `remit` is this folder


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return nothing
