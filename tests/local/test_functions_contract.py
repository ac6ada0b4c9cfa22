"""What remit takes hold of in the emulator's Lambda: a test here fails when the emulator changes it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PARAMETERS = {
    "services.lambda_svc._execute_function_dispatch": "func config event request_id started",
    "services.lambda_svc._invoke": "name event headers path_qualifier query_params",
    "services.lambda_svc._inbound_invoke_depth": "headers",
    "services.lambda_svc._resolve_layer_zip": "attachment",
    "services.lambda_svc._execute_function_with_config_scope": "func event",
    "services.lambda_svc.invoke_durable_resume": "function_name durable_arn original_event",
    "services.lambda_durable.create_execution_for_invoke": (
        "function_arn version input_payload name trace_id execution_timeout"
    ),
    "services.lambda_durable.mark_execution_completed": "arn result_payload error",
    "services.lambda_durable.record_invocation_completed": "arn start_ts request_id error",
    "services.lambda_durable.schedule_resume": "arn account_id region",
    "services.lambda_durable._serialize_operations": "operations for_event",
    "services.cloudwatch_logs._append_log_events": "stream events",
    "services.cloudwatch_logs._fanout_to_subscription_filters": "group_name stream_name events",
    "services.cloudwatch_logs._make_group_arn": "name",
    "core.lambda_runtime.acquire_worker": "func_name config code_zip qualifier max_concurrency",
    "core.lambda_runtime.get_or_create_worker": "func_name config code_zip qualifier",
    "core.lambda_runtime.ensure_spawned": "worker",
    "core.lambda_runtime.invalidate_worker": "func_name qualifier account region",
    "core.lambda_runtime.reset": "",
}
CALLS = {
    "services.lambda_svc._execute_function": "_execute_function_dispatch(func, config, event, request_id, started)",
    "services.lambda_svc.handle_request": "_invoke(",
    "services.lambda_svc._delete_function": "invalidate_worker(name",
    "services.lambda_svc._snapstart_provision_version_async": "ensure_spawned(worker)",
    "services.lambda_durable._resume_execution": "lambda_svc.invoke_durable_resume(",
    "services.apigateway._invoke_ws_lambda": "worker.invoke(event, message_id)",
    "services.lambda_svc.reset": "lambda_runtime.reset()",
}
LOOKING = """
import importlib, inspect, json, sys
parameters, calls = json.loads(sys.argv[1])

def at(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"ministack.{module}"), name)

taken = {path: " ".join(inspect.signature(at(path)).parameters) for path in parameters}
sources = {path: inspect.getsource(at(path)) for path in calls}
service = importlib.import_module("ministack.services.lambda_svc")
stores = [type(getattr(service, name)._data).__name__ for name in ("_functions", "_layers")]
print(json.dumps([taken, sources, stores]))
"""


@pytest.fixture(scope="module")
def seen() -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The parameters, the sources and the stores, as an emulator's own process has them."""
    asked = json.dumps([list(PARAMETERS), list(CALLS)])
    ran = subprocess.run([sys.executable, "-c", LOOKING, asked], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    taken, sources, stores = json.loads(ran.stdout.splitlines()[-1])
    return taken, sources, stores


def test_what_is_replaced_and_called_takes_what_it_took(seen: tuple[dict[str, str], dict[str, str], list[str]]) -> None:
    assert seen[0] == PARAMETERS


def test_the_emulator_calls_what_is_replaced_where_it_did(
    seen: tuple[dict[str, str], dict[str, str], list[str]],
) -> None:
    assert [path for path, call in CALLS.items() if call not in seen[1][path]] == []


def test_functions_and_layers_are_kept_by_account_region_and_name(
    seen: tuple[dict[str, str], dict[str, str], list[str]],
) -> None:
    assert seen[2] == ["dict", "dict"]
