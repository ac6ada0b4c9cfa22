"""What functions run is what was built: compared with Lambda's SHA-256 after every deploy."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from projects import write
from random_cases import in_all_cases
from remit.build import build
from remit.deploy.artefacts import checksum, upload
from remit.deploy.bootstrap import bootstrap
from remit.deploy.bucket import bucket_name
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.deployed_code import OtherCode, built_code, other_code, other_code_running
from remit.deploy.execute import execute
from remit.errors import RemitError
from remit.report.deployed_code import other_code_document, other_code_hint, other_code_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Spoil
    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

NAME = "orders-dev-report"


def foreign(size: int = 0) -> bytes:
    """A zip of other code; its comment fills it up to a size."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), "def report(event, context):\n    return 'foreign'\n")
        archive.comment = b"x" * max(0, size - len(written.getvalue()) - 200)
    return written.getvalue().ljust(size, b"x")


def sha256(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()


def key_in(project: Path) -> str:
    """The key of the function's zip, as the last build wrote it."""
    template = json.loads((project / ".remit" / "build" / "template.json").read_text())
    key: str = template["Resources"]["ReportFunction"]["Properties"]["Code"]["S3Key"]["Fn::Sub"]
    return key.replace("${AWS::StackName}", "orders-dev")


def code_of(account: Account) -> str:
    found: str = account.client("lambda").get_function(FunctionName=NAME)["Configuration"]["CodeSha256"]
    return found


def test_foreign_code_of_the_same_size_under_the_key_is_not_deployed(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    assert remit("deploy", "--yes")[0] == 0
    assert remit("delete", "--yes")[0] == 0
    built = (project / ".remit" / "build" / "report.zip").read_bytes()
    where = {"Bucket": bucket_name(elsewhere), "Key": key_in(project)}
    elsewhere.client("s3").put_object(Body=foreign(len(built)), **where)
    code, _, err = remit("deploy", "--yes")
    assert (code, code_of(elsewhere)) == (0, sha256(built))
    assert f"note: {where['Key']} in bucket {where['Bucket']} was not the zip of this name" in err


def test_a_zip_that_is_swapped_between_upload_and_deploy_is_found(project: Path, elsewhere: Account) -> None:
    built = build(project, for_this_machine=True)
    planned = plan(elsewhere, PlanRequest(built.namespace, built.body))
    assert planned is not None
    bucket = bootstrap(elsewhere).bucket
    ((key, path),) = built.artefacts.items()
    upload(elsewhere, bucket, path, key)
    elsewhere.client("s3").put_object(Bucket=bucket, Key=key, Body=foreign())
    assert execute(elsewhere, planned, lambda _: None).ok
    assert other_code(elsewhere, built.namespace, planned.template) == (
        OtherCode(NAME, checksum(key), sha256(foreign())),
    )
    assert other_code_running(elsewhere, built.namespace) == other_code(elsewhere, built.namespace, planned.template)


def test_code_that_was_changed_by_hand_stops_a_deploy_unless_it_is_accepted_or_undone(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    assert remit("deploy", "--yes")[0] == 0
    elsewhere.client("lambda").update_function_code(FunctionName=NAME, ZipFile=foreign())
    code, out, err = remit("deploy", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert f"the code of function {NAME} (ReportFunction) was changed by hand" in err
    code, out, _ = remit("deploy", "--accept-drift", "--json")
    assert (code, json.loads(out)["other_code"], code_of(elsewhere)) == (0, [], sha256(foreign()))
    assert remit("deploy", "--resume")[0] == 1
    assert remit("deploy", "--revert-drift")[0] == 0
    assert code_of(elsewhere) == checksum(key_in(project))


@in_all_cases
def test_the_zip_of_the_build_puts_it_right(remit: Remit, project: Path, elsewhere: Account) -> None:
    assert remit("deploy", "--yes")[0] == 0
    elsewhere.client("lambda").update_function_code(FunctionName=NAME, ZipFile=foreign())
    built = (project / ".remit" / "build" / "report.zip").read_bytes()
    elsewhere.client("lambda").update_function_code(FunctionName=NAME, ZipFile=built)
    code, out, _ = remit("deploy", "--json")
    assert (code, json.loads(out)["other_code"]) == (0, [])


def test_a_function_that_was_deleted_by_hand_stops_a_deploy(remit: Remit, elsewhere: Account) -> None:
    assert remit("deploy", "--yes")[0] == 0
    elsewhere.client("lambda").delete_function(FunctionName=NAME)
    code, _, err = remit("deploy")
    assert code == 1
    assert f"function {NAME} (ReportFunction) is gone: it was deleted by hand" in err
    code, _, err = remit("deploy", "--accept-drift")
    assert code == 1
    assert f"hint: CloudFormation makes {NAME} again once `remit delete` has removed the stack" in err


def test_when_lambda_does_not_answer_the_deploy_is_not_called_a_success(account: Account, spoil: Spoil) -> None:
    code = {"S3Bucket": "b", "S3Key": f"orders-dev/{'a' * 64}.zip"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": NAME, "Code": code}}
    spoil.answer("lambda.GetFunction", 403, "AccessDeniedException", "no")
    with pytest.raises(RemitError, match="whether its functions run what was built is not known"):
        other_code(account, "orders-dev", {"Resources": {"ReportFunction": function}})


def test_only_functions_whose_zip_remit_packaged_are_compared(account: Account) -> None:
    inline = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "def handler(e, c): ..."}}}
    resolver = {"Type": "AWS::AppSync::Resolver", "Properties": {"Code": "export function request() {}"}}
    template = {"Resources": {"Inline": inline, "Resolver": resolver}}
    assert built_code(account, "orders-dev", template, "AWS::Lambda::Function") == {}


def test_a_layer_that_is_swapped_between_upload_and_deploy_is_found(project: Path, elsewhere: Account) -> None:
    head = "from remit import App, layer\napp = App()\n"
    declared = "@app.function(layers=[layer('tool')])\ndef report(event, context): ...\n"
    write(project, {"app.py": head + declared, "tool/data": "1"})
    built = build(project, for_this_machine=True)
    planned = plan(elsewhere, PlanRequest(built.namespace, built.body))
    assert planned is not None
    bucket = bootstrap(elsewhere).bucket
    for key, path in built.artefacts.items():
        upload(elsewhere, bucket, path, key)
    layers = built_code(elsewhere, built.namespace, planned.template, "AWS::Lambda::LayerVersion")
    ((name, expected),) = layers.items()
    key = next(key for key in built.artefacts if checksum(key) == expected)
    elsewhere.client("s3").put_object(Bucket=bucket, Key=key, Body=foreign())
    assert execute(elsewhere, planned, lambda _: None).ok
    found = other_code(elsewhere, built.namespace, planned.template)
    arn = f"arn:aws:lambda:{elsewhere.region}:{elsewhere.account}:layer:{name}:1"
    assert (OtherCode(NAME, expected, sha256(foreign()), arn),) == found
    assert f"{NAME} has {arn}, whose SHA-256 is {sha256(foreign())}" in other_code_text(found)
    assert "a deploy with any change in the layer makes another" in other_code_hint(found, "eu-central-1")
    assert [{"function": NAME, "expected": expected, "actual": sha256(foreign()), "layer": arn}] == (
        other_code_document(found)
    )
    shutil.rmtree(project / "tool")
