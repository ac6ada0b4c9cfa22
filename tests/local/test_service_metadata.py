"""The emulator knows each service's protocol as before, without the SDK and without whole models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import remit
from remit.local.repairs.requests import _metadata

CODE = """
import json, sys
from pathlib import Path
from ministack.core import responses
from remit.local.repairs.requests import read_metadata_alone

data = Path(next(path for path in sys.path if Path(path, "botocore").is_dir()), "botocore", "data")
services = sorted(path.name for path in data.iterdir() if path.is_dir())
services = [*services[::20], *responses._BOTOCORE_NAME, "ec2"]
whole_model = responses._service_model
read_metadata_alone()
models = {name: responses._service_model(name) for name in services}
loaded = "botocore.session" in sys.modules
models["no-such-service"] = responses._service_model("no-such-service")
different = []
for name, model in models.items():
    whole = whole_model(name)
    if (model and model.metadata) != (whole and whole.metadata):
        different.append(name)
operations = responses._service_model("sqs").operation_names == whole_model("sqs").operation_names
types = [
    responses.expected_error_content_type(name, emitted)
    for name, emitted in (("iam", "application/xml"), ("sqs", "application/json"), ("lambda", "application/json"))
]
print(json.dumps([len(services) > 20, different, loaded, operations, types]))
"""


def test_metadata_are_those_of_the_whole_model_and_are_read_without_it() -> None:
    source = str(Path(remit.__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.append({source!r}){CODE}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "" == ran.stderr
    are_many, different, loads_the_sdk, has_operations, types = json.loads(ran.stdout)
    assert (True, []) == (are_many, different)
    assert not loads_the_sdk
    assert has_operations
    assert ["text/xml", "application/x-amz-json-1.0", "application/json"] == types


@pytest.mark.parametrize(
    ("model", "metadata"),
    [
        ({"version": "2.0", "metadata": {"protocol": "query"}}, {"protocol": "query"}),
        ({"metadata": {"serviceId": "x"}}, None),
        ({"operations": {}}, None),
        ({"documentation": "x" * 5_000, "metadata": {"protocol": "query"}}, None),
    ],
)
def test_a_model_whose_first_lines_do_not_say_its_protocol_is_read_as_a_whole(
    tmp_path: Path, model: dict[str, object], metadata: dict[str, str] | None
) -> None:
    (tmp_path / "2026-01-01").mkdir()
    (tmp_path / "2026-01-01" / "service-2.json").write_text(json.dumps(model))
    assert metadata == _metadata(tmp_path)
