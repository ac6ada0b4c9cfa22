"""The environment variables of a worker, as Lambda sets them.

Source: "Working with Lambda environment variables", defined runtime environment variables.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.functions.deployed_function import DeployedFunction


def variables(
    function: DeployedFunction,
    *,
    endpoint: str,
    program: str,
    task: Path,
    runtime: Path,
    temporary: Path,
    log_stream: str,
    credentials: Mapping[str, str],
) -> dict[str, str]:
    """All variables of a worker, its credentials among them.

    Beyond Lambda's are AWS_ENDPOINT_URL, which leads to the AWS on this machine, and AWS_DISABLE_HOST_PREFIX_INJECTION,
    since no name `prefix.127.0.0.1` leads anywhere; HOME and TMPDIR stand for the home and the /tmp that a worker has.
    """
    # All others that a function may not set are Lambda's below; the runtime sets this one for each invocation.
    own = {name: value for name, value in function.variables if name != "_X_AMZN_TRACE_ID"}
    defaults = {
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "HOME": str(temporary),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": ":".join(filter(None, (os.environ.get("LD_LIBRARY_PATH"), "/lib64:/usr/lib64:/opt/lib"))),
        "PATH": f"{Path(program).parent}:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TMPDIR": str(temporary),
        "TZ": ":UTC",
    }
    lambdas = {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if function.snap_start else "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": function.region,
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "LAMBDA_TASK_ROOT": str(task),
    }
    if function.log_format == "JSON":
        lambdas["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        lambdas["AWS_LAMBDA_LOG_LEVEL"] = function.log_level or "INFO"
    return {**defaults, **own, **lambdas, **credentials}
