"""Typed grants (`s3.read("uploads")`) for policy lists, and the assembly of each function's role."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from remit.grants.typed import allow

if TYPE_CHECKING:
    from types import ModuleType

    from remit.grants import dynamodb as dynamodb
    from remit.grants import s3 as s3
    from remit.grants import sns as sns
    from remit.grants import sqs as sqs

__all__ = ["allow", "dynamodb", "s3", "sns", "sqs"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"remit.grants has no `{name}`", name=name, obj=importlib.import_module(__name__))
    return importlib.import_module(f"{__name__}.{name}")
