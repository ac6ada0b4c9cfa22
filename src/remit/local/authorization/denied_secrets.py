"""BatchGetSecretValue where some secrets are denied: the answer has the others, and an error for each denied one.

Source: "BatchGetSecretValue" (AWS Secrets Manager API Reference): Errors.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.local.authorization.denied_part import DeniedPart


def all_secrets(content: bytes, _denied: Sequence[DeniedPart]) -> bytes:
    """The request as it is: what is denied is taken out of the answer."""
    return content


def without_secrets(answer: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """An answer without the values of denied secrets, and with an error for each. A part is an ARN and a name."""
    try:
        document = json.loads(answer)
    except ValueError:
        return answer
    if "SecretValues" not in document:  # an error
        return answer
    denied_names = {name for entry in denied for name in entry.part}
    values = [secret for secret in document["SecretValues"] if secret.get("ARN") not in denied_names]
    errors = [error for error in document.get("Errors") or () if error.get("SecretId") not in denied_names]
    for entry in denied:
        _, requested_name = entry.part
        errors.append({"SecretId": requested_name, "ErrorCode": "AccessDeniedException", "Message": entry.message})
    return json.dumps({**document, "SecretValues": values, "Errors": errors}).encode()
