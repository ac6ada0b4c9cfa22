"""Typed grants (`s3.read("uploads")`) for policy lists: a module for each service, a verb for each right."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from remit.declare.unread import unknown
from remit.grants.typed import allow

if TYPE_CHECKING:
    from types import ModuleType

    from remit.grants import athena as athena
    from remit.grants import bedrock as bedrock
    from remit.grants import cloudwatch as cloudwatch
    from remit.grants import cognito as cognito
    from remit.grants import dynamodb as dynamodb
    from remit.grants import events as events
    from remit.grants import firehose as firehose
    from remit.grants import kinesis as kinesis
    from remit.grants import kms as kms
    from remit.grants import lambda_ as lambda_
    from remit.grants import opensearch as opensearch
    from remit.grants import rds_data as rds_data
    from remit.grants import rekognition as rekognition
    from remit.grants import s3 as s3
    from remit.grants import scheduler as scheduler
    from remit.grants import secretsmanager as secretsmanager
    from remit.grants import ses as ses
    from remit.grants import sns as sns
    from remit.grants import sqs as sqs
    from remit.grants import ssm as ssm
    from remit.grants import states as states
    from remit.grants import textract as textract
    from remit.grants import transcribe as transcribe
    from remit.grants import websocket as websocket

__all__ = [
    "allow",
    "athena",
    "bedrock",
    "cloudwatch",
    "cognito",
    "dynamodb",
    "events",
    "firehose",
    "kinesis",
    "kms",
    "lambda_",
    "opensearch",
    "rds_data",
    "rekognition",
    "s3",
    "scheduler",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "states",
    "textract",
    "transcribe",
    "websocket",
]


def __getattr__(name: str) -> ModuleType:
    """Import a module of verbs when it is first asked for.

    A name that is none is noted as a mistake where a project's code spells it while it loads, and is Unread.
    AttributeError: nothing loads, or the code only asks.
    """
    if name not in __all__:
        gives: ModuleType = unknown(f"remit.grants has no `{name}`", name, sys.modules[__name__], __all__)
        return gives
    return importlib.import_module(f"{__name__}.{name}")
