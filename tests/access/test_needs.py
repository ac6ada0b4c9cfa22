"""Requests with names, paths, ids and batches: every access that each needs, in order and in full.

`REMIT_RECORD=1` writes the accesses of `data/requests.jsonl` anew, to be read before they are kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from remit.access.needed_access import NeededAccess, OperationRequest, RequestedOperation, as_texts
from remit.access.needs import needs_of
from remit.access.resource_rows import inference_profile
from remit.access.setting import RequestSetting, StoredNames

FILE = Path(__file__).parent / "data" / "requests.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
HERE = "eu-central-1:111122223333"


class Everything(StoredNames):
    """An account that has whatever is named, encrypted with a key that tells what was asked for."""

    def key_arn(self, name: str) -> str | None:
        return f"arn:aws:kms:{HERE}:key/of-{name.rpartition('/')[2]}"

    def key_arn_of_ciphertext(self, ciphertext: str) -> str | None:
        return f"arn:aws:kms:{HERE}:key/of-text-{ciphertext}"

    def encrypting_key(self, arn: str) -> str | None:
        return "alias/aws/x" if "plain" in arn else f"of-{arn.rpartition(':')[2].replace('/', '-')}"

    def secret_arn(self, name: str) -> str | None:
        return f"arn:aws:secretsmanager:{HERE}:secret:{name}-AbCdEf"

    def filtered_secrets(self, filters: object) -> tuple[str, ...]:
        return (f"arn:aws:secretsmanager:{HERE}:secret:found-AbCdEf",) if filters else ()

    def sealed_parameters(self, path: str, *, recursive: bool) -> tuple[str, ...]:
        return (f"{path}/a", f"{path}/b/c") if recursive else (f"{path}/a",)

    def role_arn(self, name: str) -> str | None:
        return f"arn:aws:iam::111122223333:role/path/{name}"

    def user_arn(self, name: str) -> str | None:
        return f"arn:aws:iam::111122223333:user/path/{name}"

    def stack_arn(self, name: str) -> str | None:
        return f"arn:aws:cloudformation:{HERE}:stack/{name}/id"

    def stream_arn_of_iterator(self, iterator: str) -> str | None:
        return f"arn:aws:kinesis:{HERE}:stream/of-{iterator}"

    def execution_of_callback(self, callback: str) -> str | None:
        return f"arn:aws:lambda:{HERE}:function:f:1/durable-execution/e/{callback}"

    def work_group(self, query: str) -> str | None:
        return f"of-{query}"

    def is_mail_identity(self, name: str, /) -> bool:
        return name.startswith("ada@")

    def lacks_object(self, bucket: str, key: str) -> bool:
        return f"{bucket}/{key}".endswith("/gone")


SETTINGS = {
    "nothing": RequestSetting("eu-central-1", "111122223333", "arn:aws:iam::111122223333:user/ada"),
    "everything": RequestSetting(
        "eu-central-1", "111122223333", "arn:aws:sts::111122223333:assumed-role/r/s", Everything()
    ),
}


def in_full(need: NeededAccess, parameters: dict[str, Any]) -> str:
    """An access in one line, with its parameters where they are not those of the request."""
    via = f" via {need.via}" if need.via else ""
    part = f" for {list(need.part)}" if need.part else ""
    own = "" if need.parameters == parameters else f" with {json.dumps(need.parameters, sort_keys=True)}"
    return f"{need.action} on {need.resource}{via}{part}{own}"


def accesses(row: dict[str, Any]) -> list[str] | None:
    client, name, *address = row["operation"].split(":")
    operation = RequestedOperation(client, name, "json", address=(address[0], address[1]) if address else None)
    needs = needs_of(OperationRequest(operation, row["parameters"], SETTINGS[row["account"]]))
    return None if needs is None else [in_full(need, row["parameters"]) for need in needs]


@pytest.mark.skipif("REMIT_RECORD" in os.environ, reason="they are written anew")
@pytest.mark.parametrize("account", SETTINGS)
def test_a_request_needs_these_accesses_and_no_others(account: str) -> None:
    rows = [row for row in ROWS if row["account"] == account]
    shown = {f"{row['operation']} {json.dumps(row['parameters'])}": (row["accesses"], accesses(row)) for row in rows}
    expected = {request: recorded for request, (recorded, _) in shown.items()}
    assert expected == {request: computed for request, (_, computed) in shown.items()}
    assert len(expected) == len(rows)


@pytest.mark.skipif("REMIT_RECORD" not in os.environ, reason="only when asked to")
def test_record() -> None:
    rows = [{**row, "accesses": accesses(row)} for row in ROWS]
    FILE.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


def test_a_scalar_of_a_request_is_a_text_and_a_boolean_in_small_letters() -> None:
    values: list[Any] = ["Ab", True, False, 3, 1.5, ["A", True, 2, None, {}], [], [None], None, {"a": 1}]
    assert [as_texts(value) for value in values] == [
        "Ab", "true", "false", "3", "1.5", ("A", "true", "2"), None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("eu.anthropic.claude-3", "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.anthropic.claude-3"),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/x", "arn:aws:bedrock:eu-west-1:1:inference-profile/x"),
        ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",) * 2,
        ("arn:aws:bedrock:eu-west-1::foundation-model/eu.anthropic.claude-3", None),
        ("anthropic.claude-3", None),
        (None, None),
    ],
)
def test_a_call_names_an_inference_profile_by_its_arn_or_by_an_id_that_begins_with_a_geography(
    model: str | None, profile: str | None
) -> None:
    parameters = {} if model is None else {"modelId": model}
    assert inference_profile(parameters, SETTINGS["nothing"]) == profile
