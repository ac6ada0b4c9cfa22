"""Each repair of the emulator says where it takes hold and which test fails without it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ministack
import pytest

from remit.local.emulator import emulated, instead_of
from remit.local.repairs.apis import prepare
from remit.local.repairs.refusals import _refuse_existing_names, _refuse_filled_buckets, _refuse_unknown_properties
from remit.local.repairs.stacks import _replacing_properties
from remit.local.stack_operations import HandlerError, ResourceOperation, Verb, resource_handlers

HERE = Path(__file__).parent
REPAIRS = HERE.parents[1] / "src" / "remit" / "local" / "repairs"
EMULATOR = Path(ministack.__file__).parent
HELPERS = ("prepare",)


def is_repair(function: ast.FunctionDef) -> bool:
    """A function that refuses, or puts something in the place of the emulator's own."""
    text = ast.unparse(function)
    calls = ("instead_of(", "around(", "completed_by(", "prepare(", "resource_handlers(")
    return function.name.startswith("_refuse_") or any(call in text for call in calls)


FUNCTIONS = {
    f"{path.stem}.{node.name}": node
    for path in sorted(REPAIRS.glob("*.py"))
    for node in ast.parse(path.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and is_repair(node) and node.name not in HELPERS
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_repair_names_the_emulators_files_and_a_test_that_is_there(name: str) -> None:
    text = " ".join((ast.get_docstring(FUNCTIONS[name]) or "").split())
    stated = re.search(r"Emulator: (?P<files>[\w/., ]+)\. Test: (?P<tests>[\w:.,/ ]+)\.$", text)
    assert stated is not None, text
    for file in stated["files"].split(", "):
        assert (EMULATOR / file).exists(), file
    for test in stated["tests"].split(", "):
        module, _, function = test.partition("::")
        assert f"def {function}(" in (HERE / module).read_text("utf-8"), test


def test_the_repairs_are_of_the_version_that_is_installed() -> None:
    locked = (REPAIRS.parent / "environment.txt").read_text("utf-8")
    (version,) = re.findall(r"ministack ([\d.]+\d)", (REPAIRS / "__init__.py").read_text("utf-8"))
    assert f"ministack=={version}" in locked


def test_what_stands_in_the_place_of_a_function_gets_it_first_and_has_its_signature() -> None:
    def invoke(api: str, stage: str = "dev") -> str:
        return f"{api}/{stage}"

    service = SimpleNamespace(invoke=invoke)

    @instead_of(service, "invoke")
    @instead_of(service, "invoke")
    def twice(replaced: Any, *arguments: Any, **options: Any) -> str:
        return f"<{replaced(*arguments, **options)}>"

    assert "<<a/b>>" == service.invoke("a", stage="b")
    assert ["api", "stage"] == list(inspect.signature(service.invoke).parameters)
    with pytest.raises(AttributeError):
        instead_of(service, "gone")(twice)


def test_handlers_that_make_and_change_a_resource_get_prepared_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change gets the properties of before, too, as they were prepared then; a deletion needs none."""
    verbs = ("create", "update", "delete")
    handlers = {verb: lambda *arguments, **options: (arguments, options) for verb in verbs}
    monkeypatch.setitem(resource_handlers(), "AWS::Test::Thing", handlers)
    prepare("AWS::Test::Thing", lambda properties: {**properties, "Prepared": True})
    prepared = {"Name": "a", "Prepared": True}
    made, changed, deleted = (handlers[verb]("id", {"Name": "a"}, stack="s") for verb in verbs)
    assert ("id", prepared) == made[0] == changed[0]
    assert (("id", {"Name": "a"}), {"stack": "s"}) == deleted
    assert {"stack": "s"} == made[1] == changed[1]


@pytest.mark.parametrize(
    ("type_name", "property_", "replaces"),
    [
        ("AWS::S3::Bucket", "BucketName", "Always"),
        ("AWS::S3::Bucket", "Tags", "Never"),
        ("AWS::Batch::ComputeEnvironment", "ComputeResources", "Conditionally"),
        ("AWS::DynamoDB::Table", "TableName", "by the table"),
        ("AWS::Nothing::Here", "Name", "by the table"),
        ("Custom::Thing", "ServiceToken", "by the table"),
    ],
)
def test_a_property_replaces_a_resource_as_the_schema_of_its_type_says(
    monkeypatch: pytest.MonkeyPatch, type_name: str, property_: str, replaces: str
) -> None:
    stacks = emulated("services.cloudformation.stacks")
    monkeypatch.setattr(stacks, "_property_recreation", lambda _type, _property: "by the table")
    _replacing_properties()
    assert replaces == stacks._property_recreation(type_name, property_)


@pytest.mark.parametrize(
    ("verb", "name", "before", "refusal"),
    [
        ("create", "kept", None, "already exists"),
        ("create", "new", None, ""),
        ("create", None, None, ""),
        ("update", "kept", "kept", ""),
        ("update", "kept", "new", "already exists"),
        ("update", "kept", None, "already exists"),
        ("update", "new", "kept", ""),
        ("delete", "kept", "kept", ""),
        ("import", "kept", None, ""),
    ],
)
@pytest.mark.parametrize(
    ("type_name", "store", "property_"),
    [
        ("AWS::SSM::Parameter", "ssm._parameters", "Name"),
        ("AWS::Logs::LogGroup", "cloudwatch_logs._log_groups", "LogGroupName"),
    ],
)
def test_a_stack_takes_no_name_that_another_resource_has(
    monkeypatch: pytest.MonkeyPatch, type_name: str, store: str, property_: str,
    verb: Verb, name: str | None, before: str | None, refusal: str,
) -> None:  # fmt: skip
    module, _, attribute = store.partition(".")
    monkeypatch.setattr(emulated(f"services.{module}"), attribute, {"kept": {}})
    properties, previous = ({} if text is None else {property_: text} for text in (name, before))
    operation = ResourceOperation(verb, type_name, "shop", "Thing", "", properties, previous)
    told = ""
    try:
        _refuse_existing_names(operation)
    except HandlerError as error:
        told = str(error)
    assert (refusal in told, bool(refusal)) == (True, bool(told))


@pytest.mark.parametrize("verb", ["create", "update"])
def test_a_property_that_no_type_has_is_refused_whatever_is_done(verb: Verb) -> None:
    operation = ResourceOperation(verb, "AWS::SQS::Queue", "shop", "Jobs", "", {"QueuName": "jobs"})
    with pytest.raises(ValueError, match=r"extraneous key \[QueuName\] is not permitted"):
        _refuse_unknown_properties(operation)


def test_a_bucket_is_not_empty_while_it_has_a_version_of_an_object() -> None:
    s3 = emulated("services.s3")
    operation = ResourceOperation("delete", "AWS::S3::Bucket", "shop", "Files", "files", {})
    s3._buckets["files"] = {"objects": {}}
    _refuse_filled_buckets(operation)
    s3._object_versions["files", "a"] = [{}]
    with pytest.raises(HandlerError, match="is not empty"):
        _refuse_filled_buckets(operation)
    del s3._object_versions["files", "a"], s3._buckets["files"]
