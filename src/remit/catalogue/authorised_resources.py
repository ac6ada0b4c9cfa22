"""Resources that services authorise an action on, though the reference of its resource types does not list them.

Sources: "Lambda resource ARNs in policies" (AWS Lambda Developer Guide: since 2022 a request for a version or an alias
needs its ARN); "IAM policies for using Distributed Map states" (AWS Step Functions Developer Guide); "Publish" and
"Using Amazon SNS with mobile push" (Amazon SNS); "AWS::Serverless transform" (AWS CloudFormation User Guide); and the
ARNs that these services print where they deny, CloudWatch Logs `log-group::log-stream:`. Written down 2026-11.
"""

from __future__ import annotations

import re
from typing import Final

_QUALIFIED: Final = (
    "AddPermission", "CreateFunctionUrlConfig", "DeleteAlias", "DeleteFunction", "DeleteFunctionEventInvokeConfig",
    "DeleteFunctionUrlConfig", "DisableReplication", "EnableReplication", "GetAlias", "GetFunction",
    "GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetFunctionScalingConfig", "GetFunctionUrlConfig",
    "GetPolicy", "GetRuntimeManagementConfig", "InvokeAsync", "InvokeFunction", "InvokeFunctionUrl",
    "ListDurableExecutionsByFunction", "ListFunctionEventInvokeConfigs", "PutFunctionEventInvokeConfig",
    "PutFunctionScalingConfig", "PutRuntimeManagementConfig", "RemovePermission", "UpdateAlias",
    "UpdateFunctionEventInvokeConfig", "UpdateFunctionUrlConfig",
)  # fmt: skip
"""What takes a version or an alias of a function."""
_ENDPOINT: Final = ("DeleteEndpoint", "GetEndpointAttributes", "Publish", "SetEndpointAttributes")
_APPLICATION: Final = (
    "CreatePlatformEndpoint", "DeletePlatformApplication", "GetPlatformApplicationAttributes",
    "ListEndpointsByPlatformApplication", "SetPlatformApplicationAttributes",
)  # fmt: skip

_LATE: Final = re.compile(r"\$\{[^{}]*\}")


def _rows(prefix: str, names: tuple[str, ...], resource: str) -> dict[str, re.Pattern[str]]:
    return {f"{prefix}:{name}": re.compile(resource) for name in names}


_RESOURCES: Final = {
    **_rows("lambda", _QUALIFIED, r".*:function:[^:/]+:[^:/]+"),
    **_rows("states", ("DescribeExecution", "RedriveExecution", "StopExecution"), r".*:execution:[^:/]+/[^:/]+:.+"),
    **_rows("sns", _ENDPOINT, r"arn:[^:]*:sns:[^:]*:[^:]*:endpoint/.+"),
    **_rows("sns", _APPLICATION, r"arn:[^:]*:sns:[^:]*:[^:]*:app/.+"),
    **_rows("cloudformation", ("CreateChangeSet",), r".*:aws:transform/.*"),
}
AUTHORISED_ACTIONS: Final = frozenset(_RESOURCES)
"""The actions that are authorised on such resources."""


def is_authorised_on(name: str, resource: str) -> bool:
    """Return whether an action, by its full name, is authorised on a resource beside those of its listed types."""
    pattern = _RESOURCES.get(name)
    return pattern is not None and pattern.fullmatch(_LATE.sub("*", resource)) is not None
