"""What makes a function run: a trigger per file.

A trigger is a frozen dataclass whose fields are the user's options, with the grants it needs, the resources it makes
and the outputs it offers. Its file is imported when somebody asks for it.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from remit.declare.unread import unknown

if TYPE_CHECKING:
    from remit.triggers.api import Api as api  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.authorizer import Authorizer as authorizer  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.cognito import Cognito as cognito  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.dynamodb import Dynamodb as dynamodb  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.event import Event as event  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.http import Http as http  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.iot import Iot as iot  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.jwt import Jwt as jwt  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.kinesis import Kinesis as kinesis  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.logs import Logs as logs  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.rest import Rest as rest  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.s3 import S3 as s3  # noqa: N811 - spelled as it is used in a decorator
    from remit.triggers.schedule import Schedule as schedule  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.sns import Sns as sns  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.sqs import Sqs as sqs  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.user_pool import UserPool as user_pool  # noqa: N813 - spelled as it is used in a decorator
    from remit.triggers.websocket import Websocket as websocket  # noqa: N813 - spelled as it is used in a decorator


class _Triggers(ModuleType):
    """This module, where the name of a trigger's file is the trigger."""

    def __setattr__(self, name: str, value: object) -> None:
        # Python binds each file that it imports to its name in the package, and would hide the class behind `on.sqs`.
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Triggers

if not TYPE_CHECKING:  # type checkers would take any name

    def __getattr__(name: str) -> Any:
        """Import a trigger when it is first asked for.

        A name that is none is noted as a mistake where a project's code spells it while it loads (`@on.sqz`), and is
        Unread. AttributeError: nothing loads, or the code only asks, by `hasattr`, `from … import` or in a `try`.
        """
        if name not in __all__:
            return unknown(f"there is no trigger `{name}`", name, sys.modules[__name__], __all__)
        file = importlib.import_module(f"{__name__}.{name}")
        trigger = getattr(file, name.title().replace("_", ""))  # user_pool.py has UserPool
        globals()[name] = trigger
        return trigger


__all__ = [
    "api",
    "authorizer",
    "cognito",
    "dynamodb",
    "event",
    "http",
    "iot",
    "jwt",
    "kinesis",
    "logs",
    "rest",
    "s3",
    "schedule",
    "sns",
    "sqs",
    "user_pool",
    "websocket",
]
