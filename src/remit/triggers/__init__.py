"""What makes a function run: a trigger per file.

A trigger is a frozen dataclass whose fields are the user's options, with the grants it needs, the resources it makes
and the outputs it offers.
"""

import sys
from typing import TYPE_CHECKING, Any

from remit.declare.unread import unknown
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
from remit.triggers.s3 import S3 as s3  # noqa: N811 - spelled as it is used in a decorator
from remit.triggers.schedule import Schedule as schedule  # noqa: N813 - spelled as it is used in a decorator
from remit.triggers.sns import Sns as sns  # noqa: N813 - spelled as it is used in a decorator
from remit.triggers.sqs import Sqs as sqs  # noqa: N813 - spelled as it is used in a decorator
from remit.triggers.user_pool import UserPool as user_pool  # noqa: N813 - spelled as it is used in a decorator
from remit.triggers.websocket import Websocket as websocket  # noqa: N813 - spelled as it is used in a decorator

if not TYPE_CHECKING:  # type checkers would take any name

    def __getattr__(name: str) -> Any:
        return unknown(f"there is no trigger `{name}`", name, sys.modules[__name__], __all__)


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
    "s3",
    "schedule",
    "sns",
    "sqs",
    "user_pool",
    "websocket",
]
