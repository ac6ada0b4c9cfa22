"""A function has a /tmp of its own, as large as it was told, and its layers at /opt, where the system lets it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.functions.worker import private_folders

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_MOUNT = subprocess.run([sys.executable, private_folders.__file__], capture_output=True, check=False).returncode == 0
IS_IN_TMP = Path(private_folders.__file__).is_relative_to("/tmp")  # noqa: S108 - a /tmp of its own would hide remit
pytestmark = [
    pytest.mark.skipif(not MAY_MOUNT, reason="the system lets no user mount"),
    pytest.mark.skipif(IS_IN_TMP, reason="remit itself is in /tmp"),
]

CODE = """
import os, tempfile

def handler(event, context):
    before = os.listdir("/tmp")
    with open("/tmp/mine", "w") as file:
        file.write("x")
    return [before, tempfile.gettempdir(), open("/opt/data/words.txt").read(), os.listdir("/opt")]

def fills(event, context):
    with open("/tmp/big", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
"""


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + (".py" if name == "app" else ".txt"), text)
    return content.getvalue()


@pytest.fixture(scope="module")
def functions() -> Iterator[Any]:
    """A client of Lambda on an AWS whose project is not in /tmp."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        running = aws.start(folder)
        yield session(running).client("lambda", **client_arguments(running))
    finally:
        aws.stop(folder)
        shutil.rmtree(folder)


@pytest.mark.parametrize("layers", [1, 2])
def test_tmp_is_its_own_and_layers_are_at_opt(functions: Any, layers: int) -> None:
    arns = [
        functions.publish_layer_version(
            LayerName=f"layer-{number}", Content={"ZipFile": packed(data__words=f"of layer {number}")}
        )["LayerVersionArn"]
        for number in range(layers)
    ]
    functions.create_function(
        FunctionName=f"app-{layers}", Runtime="python3.13", Handler="app.handler", Layers=arns,
        Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": packed(app=CODE)}, Timeout=20,
    )  # fmt: skip
    answers = [json.loads(functions.invoke(FunctionName=f"app-{layers}")["Payload"].read()) for _ in range(2)]
    expected = ["/tmp", f"of layer {layers - 1}", ["data"]]  # noqa: S108 - Lambda's
    assert answers == [[[], *expected], [["mine"], *expected]]
    assert not Path("/tmp/mine").exists()  # noqa: S108 - of this machine


def test_tmp_is_full_when_the_storage_of_the_function_is(functions: Any) -> None:
    functions.create_function(
        FunctionName="fills", Runtime="python3.13", Handler="app.fills", EphemeralStorage={"Size": 512},
        Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": packed(app=CODE)}, Timeout=60,
    )  # fmt: skip
    error = json.loads(functions.invoke(FunctionName="fills")["Payload"].read())
    assert error["errorMessage"] == "[Errno 28] No space left on device"
