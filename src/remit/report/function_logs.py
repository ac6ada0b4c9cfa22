"""What functions log, for people: without Lambda's own lines, and without the insides of the SDK."""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = "[ \N{NO-BREAK SPACE}]"
"""Lambda's runtime for Python writes no-break spaces in tracebacks."""
_SDK_FRAME: Final = re.compile(
    rf'^{_SPACE}+File "[^"\n]*/(?:boto3|botocore|s3transfer|urllib3)/[^\n]*\n(?:{_SPACE}{{4}}[^\n]*(?:\n|$))*',
    re.MULTILINE,
)


def without_sdk_frames(message: str) -> str:
    """A traceback without the frames of the SDK: the call that failed stands in the function's own code."""
    return _SDK_FRAME.sub("", message).rstrip("\n")
