"""Stand for every trigger: what runs a function was settled when it was deployed."""

import sys

from remit import nothing  # inside a zip, `remit` is this folder

for _module in ("dynamodb", "http", "kinesis", "schedule", "sqs"):  # `from remit.triggers.sqs import …`
    sys.modules[f"{__name__}.{_module}"] = nothing


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return nothing
