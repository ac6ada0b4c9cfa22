"""Rows of the catalogue as nouns: each column gives its field, and what is left out has the usual value."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from remit.catalogue.action_resources import resource_formats
from remit.catalogue.condition_keys import OPERATORS, fits, operator
from remit.catalogue.meant_names import needed_by_operation, operation_of, spoken
from remit.catalogue.snapshot import chunk
from remit.catalogue.type_access import access_row, access_rows, has_property, has_rows_below, is_known
from remit.catalogue.types import CUSTOM, ResourceType, access_of, deployment_of, resource_type, resource_types

PLAIN = {
    "f": ("ref", "unknown"), "d": ("holds_data", False), "st": ("stream", ""), "rp": ("replicas", ""),
    "k": ("makes", ""),
}  # fmt: skip
"""Fields by the columns of a type's row, with the values of a row without the column."""
LISTS = {
    "p": "identifier", "a": "attributes", "af": "arn_from", "i": "iam", "r": "read_only", "c": "create_only",
    "cc": "sometimes_create_only", "w": "regions",
}  # fmt: skip
OF_ARN = {"n": "text", "no": "properties", "nd": "defaults", "ne": "otherwise"}
OF_NAMES = {"m": "property", "mp": "pattern", "ms": "starts", "mh": "path"}


def row_of(name: str) -> dict[str, Any]:
    row: dict[str, Any] = chunk("types", "::".join(name.split("::")[:2]))[name]
    return row


def known_type(name: str) -> ResourceType:
    kind = resource_type(name)
    assert kind is not None
    return kind


def rows_with_every_column() -> dict[str, dict[str, Any]]:
    """Four types at most for each column that a row may have, so that all columns are there, and are lacking."""
    types: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    for name in resource_types():
        rows = chunk("types", "::".join(name.split("::")[:2]))
        assert rows is not None
        new = [column for column in rows[name] if counts.get(column, 0) < 4]
        if new:
            types[name] = rows[name]
        for column in new:
            counts[column] = counts.get(column, 0) + 1
    return types


def fields_of(row: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {field: row.get(column, usual) for column, (field, usual) in PLAIN.items()}
    fields["holds_data"] = "d" in row
    fields |= {field: tuple(row.get(column, ())) for column, field in LISTS.items()}
    fields["ref_of"] = tuple(row["fo"] if "fo" in row else row["p"])
    fields["arn_ends"] = tuple(row.get("nx", {}).items())
    tagging = [*row.get("t", ["", ""]), ""]
    fields |= {"tags": tagging[0], "tags_as": tagging[1], "tagged_as": tagging[2]}
    fields["references"] = tuple((path, holds) for holds in row.get("h", {}) for path in row["h"][holds])
    fields["properties"] = tuple(map(tuple, row.get("b", ())))
    return fields


def test_each_column_of_a_types_row_is_its_field() -> None:
    types = rows_with_every_column()
    assert len(types) > 40
    for name, row in types.items():
        kind = resource_type(name)
        assert isinstance(kind, ResourceType)
        expected = fields_of(row)
        assert {field: getattr(kind, field) for field in expected} == expected, name
        assert (kind.name, kind.shape_key) == (name, ("::".join(name.split("::")[:2]), row["s"]))


def test_the_arn_and_the_names_of_a_type_are_those_of_its_row() -> None:
    for name, row in rows_with_every_column().items():
        kind = resource_type(name)
        assert kind is not None
        assert (kind.arn is None, kind.naming is None) == ("n" not in row, "m" not in row and "g" not in row), name
        if kind.arn is not None:
            expected = {field: tuple(row.get(column, {}).items()) for column, field in OF_ARN.items() if column != "n"}
            expected["text"] = row["n"]
            assert {field: getattr(kind.arn, field) for field in OF_ARN.values()} == expected, name
            assert kind.arn.may_grant is (row.get("ni") == "granted")
        if kind.naming is not None:
            names = {field: row.get(column, "") for column, field in OF_NAMES.items()}
            assert {field: getattr(kind.naming, field) for field in names} == names, name
            bounds = (row.get("ml"), row.get("mm"), tuple(row.get("g", ())), "mo" in row, row.get("mi") != "label")
            naming = kind.naming
            assert (naming.least, naming.most, naming.generated, naming.is_lower, naming.is_identity) == bounds, name


def test_what_a_type_holds_calls_and_asks_of_its_deployer_is_in_its_row() -> None:
    for name in resource_types():
        row, kind = row_of(name), known_type(name)
        by_referent: dict[str, list[str]] = row.get("h", {})
        assert {holds: kind.holding(holds) for _, holds in kind.references} == {
            holds: tuple(paths) for holds, paths in by_referent.items()
        }, name
        assert kind.holding("user") == tuple(by_referent.get("user", ()))
        columns = row.get("y", {})
        deployment = deployment_of(name)
        assert deployment is kind.deployment
        for field in deployment._fields:
            expected = columns.get(field, ())
            if field.endswith("_calls"):
                expected = tuple((tuple(actions.split()), tuple(paths.split())) for actions, paths in expected)
            elif field == "side_resources":
                expected = tuple(dict(expected).items())
            assert getattr(deployment, field) == tuple(expected), (name, field)
        assert kind.invokes is None if "v" not in row else row["v"].items() <= kind.invokes._asdict().items()
        assert access_of(name) is kind.access
        assert {field: value for field, value in kind.access._asdict().items() if value} == row.get("q", {}), name
    nobodys = (deployment_of("AWS::Zz::A"), access_of("AWS::Zz::A"))
    assert [set(noun) for noun in nobodys] == [{()}, {""}]


def test_a_name_tells_an_arn_where_it_is_no_label_and_the_format_may_grant() -> None:
    for name in resource_types():
        row, kind = row_of(name), known_type(name)
        is_named, property_ = "m" in row or "g" in row, row.get("m", "")
        variables: dict[str, str] = row.get("no", {})
        by_path: dict[str, str] = {}
        for variable, path in variables.items():
            by_path.setdefault(path, variable)
        if kind.arn is not None:
            asked = {*by_path, property_, property_[:-1], "Nothing"}
            assert {path: kind.arn.variable(path) for path in asked} == {path: by_path.get(path) for path in asked}
        is_told = row.get("ni") == "granted" and is_named and row.get("mi") != "label" and property_ in by_path
        assert kind.is_told_by_name is is_told, name
        assert (kind.arn_named("x", {}, {}.get) is not None) is is_told, name
        own = set(re.findall(r"\$\{(\w+)\}", row.get("n", ""))) - {"Partition", "Region", "Account"}
        assert kind.is_unique_by_name is (is_told and "ne" not in row and own == {by_path[property_]}), name
        ref = tuple(row.get("fo", row["p"]))
        assert kind.has_name_as_ref is (row.get("f") == "name" and is_named and ref == (property_,)), name
        if kind.naming is not None:
            lengths = (row.get("gm", row.get("mm") or 255), row.get("gl", 24))
            assert (kind.naming.generated_most, kind.naming.generated_least) == lengths, name


def test_a_custom_resource_is_of_one_type_and_others_must_exist() -> None:
    custom, row = resource_type("Custom::Anything"), resource_type(CUSTOM)
    assert custom is not None
    assert row is not None
    assert custom == row._replace(name="Custom::Anything")
    assert [resource_type(name) for name in ("AWS::S3::Bocket", "AWS::Zz::A", "AWS", "")] == [None] * 4


def test_each_operator_compares_as_its_type_and_says_whether_it_is_negated() -> None:
    kinds = {
        "String": "String", "Numeric": "Numeric", "Date": "Date", "Bool": "Bool", "Binary": "Binary",
        "Ip": "IPAddress", "NotIp": "IPAddress", "Arn": "ARN", "Null": "Null",
    }  # fmt: skip
    assert len(OPERATORS) == 27
    for name, row in OPERATORS.items():
        beginning = max((word for word in kinds if name.startswith(word)), key=len)
        assert tuple(row) == (name, kinds[beginning], "Not" in name)
        assert operator(f"{name.swapcase()}IFEXISTS") == operator(name) == row
    assert operator("StringIs") is None
    answers = {
        kind: fits("NumericEquals", kind) for kind in ("Numeric", "Date", "String", "", "Bool", "ArrayOfNumeric")
    }
    assert answers == {
        "Numeric": True, "Date": True, "String": None, "": None, "Bool": False, "ArrayOfNumeric": True,
    }  # fmt: skip
    assert [fits("DateEquals", "Numeric"), fits("Null", "ARN"), fits("StringLike", "ARN"), fits("Bool", "Date")] == [
        True, True, None, False,
    ]  # fmt: skip


def test_the_arns_of_an_action_come_with_the_required_and_usual_ones_first() -> None:
    first = {
        "s3:GetObject": ("arn:*:s3:::*/*", "arn:*:s3:*:*:accesspoint/*/object/*"),
        "dynamodb:Query": ("arn:*:dynamodb:*:*:table/*", "arn:*:dynamodb:*:*:table/*/index/*"),
        "kms:CreateAlias": ("arn:*:kms:*:*:key/*", "arn:*:kms:*:*:alias/*"),
        "rds:CreateDBInstance": ("arn:*:rds:*:*:db:*", "arn:*:rds:*:*:cluster:*"),
        "ec2:RunInstances": ("arn:*:ec2:*:*:instance/*", "arn:*:ec2:*::image/*"),
        "ssm:SendCommand": ("arn:*:ssm:*:*:document/*", "arn:*:s3:::*"),
        "logs:DescribeLogGroups": ("arn:*:logs:*:*:log-group::log-stream:",),
        "zz:A": (),
    }
    assert {name: resource_formats(name)[:2] for name in first} == first


def test_services_have_the_names_that_people_use() -> None:
    names = {
        "alb": "elasticloadbalancing", "apigw": "apigateway", "aurora": "rds", "cfn": "cloudformation",
        "cognito": "cognito-idp", "cwlogs": "logs", "ddb": "dynamodb", "dynamo": "dynamodb",
        "efs": "elasticfilesystem", "Elastic Container Service": "ecs", "elasticsearch": "es",
        "elb": "elasticloadbalancing", "emr": "elasticmapreduce", "monitoring": "cloudwatch", "msk": "kafka",
        "opensearch": "es", "Parameter-Store": "ssm", "sfn": "states", "stepFunction": "states",
        "systems_manager": "ssm",
    }  # fmt: skip
    assert {name: spoken(name) for name in names} == names


def test_an_operation_that_needs_nothing_in_any_case_needs_what_some_parameters_ask_for() -> None:
    transaction = operation_of("dynamodb", "TransactWriteItems")
    assert transaction is not None
    assert (transaction.actions, needed_by_operation("dynamodb", "TransactWriteItem", ())) == ((), transaction.perhaps)
    assert "dynamodb:PutItem" in transaction.perhaps


def test_a_row_of_a_property_is_the_first_that_matches_its_path_in_either_spelling() -> None:
    types = ("AWS::Lambda::Function", "AWS::S3::Bucket", "AWS::IAM::Role", "aws_lambda_function", "aws_iam_role")
    for type_name in types:
        rows = access_rows(type_name)
        assert rows
        for row in rows:
            path = row.path.replace("*", "x")
            first = access_row(type_name, path)
            assert first is not None
            assert rows.index(first) <= rows.index(row)
            top = row.path.partition(".")[0]
            if "*" not in top and top != row.path:
                assert has_rows_below(type_name, top)
                assert not has_rows_below(type_name, row.path)
    for type_name in ("AWS::ACMPCA::Permission", "aws_alb", "aws_iam_role"):
        rows = access_rows(type_name) or ()
        for path in (row.path.replace("*", "x") for row in rows):
            matching = (row for row in rows if fnmatchcase(path, row.path.replace("[", "[[]")))
            assert access_row(type_name, path) == next(matching, None), (type_name, path)
            assert access_row(type_name, f"{path}.zz") == next(
                (row for row in rows if fnmatchcase(f"{path}.zz", row.path.replace("[", "[[]"))), None
            )
    known = {
        "AWS::Lambda::Function": True, "AWS::Zz::A": False, "aws_lambda_function": True, "aws_zz_thing": False,
        "aws_sfn_state_machine": True, "aws_vpc_endpoint": True,
    }  # fmt: skip
    assert {name: is_known(name) for name in known} == known
    assert access_rows("AWS::Zz::A") is None
    properties = {
        ("AWS::SQS::Queue", "QueueName"): True, ("AWS::SQS::Queue", "Name"): False, ("aws_x", "y"): True,
        ("AWS::Zz::A", "B"): True,
    }  # fmt: skip
    assert {pair: has_property(*pair) for pair in properties} == properties
