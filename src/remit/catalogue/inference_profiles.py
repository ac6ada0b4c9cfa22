"""Inference profiles of Amazon Bedrock: which of them a text names, and the model behind it.

The id of a profile that AWS defines is the geography in which it sends requests, and the id of its model:
`us.anthropic.claude-sonnet-4-20250514-v1:0`. A model's own id begins with its provider.

Source: "Supported Regions and models for inference profiles", "Global cross-Region inference" (Amazon Bedrock User
Guide).
"""

from __future__ import annotations

import re
from typing import Final

_PROFILE: Final = r"(?:.*:inference-profile/)?(?P<geography>us-gov|[a-z]{2,6})\.(?P<model>(?:[a-z]+|ai21)\..+)"
_APPLICATION: Final = ":application-inference-profile/"
GLOBAL: Final = "global"
"""The geography of profiles that send requests to every region."""


def is_profile(text: str) -> bool:
    """Return whether an id or an ARN names an inference profile instead of a model."""
    return ":inference-profile/" in text or _APPLICATION in text or geography_and_model(text) is not None


def geography_and_model(text: str) -> tuple[str, str] | None:
    """Return the geography of an inference profile (id or ARN) and the id of its model.

    None where its id does not say.
    """
    profile = re.fullmatch(_PROFILE, text)
    return None if profile is None else (profile["geography"], profile["model"])
