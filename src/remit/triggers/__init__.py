"""What makes a function run: a trigger per file.

A trigger is a frozen dataclass whose fields are the user's options, with the grants it needs, the resources it makes
and the outputs it offers.
"""

from remit.triggers.dynamodb import Dynamodb as dynamodb
from remit.triggers.http import Http as http
from remit.triggers.kinesis import Kinesis as kinesis
from remit.triggers.schedule import Schedule as schedule
from remit.triggers.sqs import Sqs as sqs

__all__ = ["dynamodb", "http", "kinesis", "schedule", "sqs"]
