"""The keys of tables are checked at the build: CloudFormation finds what is wrong with them only in the deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

ID, TIME = {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "time", "AttributeType": "N"}
HASH, RANGE = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "time", "KeyType": "RANGE"}
BY_TIME = {**RANGE, "KeyType": "HASH"}


def shared(properties: str) -> dict[str, str]:
    """A file of shared resources with one table."""
    table = f'resource("AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST", {properties})'
    data = f"from remit import Shared, aws, resource\nclass Data(Shared):\n    table = {table}\n"
    return {"shared/resources/data.py": data}


def index(*key: dict[str, str]) -> str:
    """An index of the table, as a keyword of its resource."""
    indexes = [{"IndexName": "by-time", "KeySchema": list(key), "Projection": {"ProjectionType": "ALL"}}]
    return f"global_secondary_indexes={indexes}"


WRONG = {
    f"attribute_definitions={[ID]}, key_schema={[HASH, RANGE]}": (
        "the keys of `DataTable` have the attribute 'time', which its AttributeDefinitions do not"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[HASH]}": (
        "`DataTable` defines time, which no key of it or of its indexes has"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[RANGE]}": "the key of `DataTable` has RANGE; ",
    f"attribute_definitions={[ID]}, key_schema={[HASH, {**HASH, 'KeyType': 'RANGE'}]}": (
        "the key of `DataTable` has the attribute 'id' twice"
    ),
    f"attribute_definitions={[ID]}, key_schema={[HASH]}, {index(BY_TIME)}": (
        "the keys of `DataTable` have the attribute 'time', which its AttributeDefinitions do not"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[HASH]}, {index(HASH, RANGE, RANGE)}": (
        "the key of index by-time of `DataTable` has HASH, RANGE, RANGE; "
    ),
}


@pytest.mark.parametrize("properties", WRONG)
def test_a_key_that_dynamodb_would_refuse_is_an_error_at_its_line(make: Make, properties: str) -> None:
    error = make(**shared(properties)).error()
    assert ("shared/resources/data.py:3:13", True) == (at(error), error.message.startswith(WRONG[properties]))


@pytest.mark.parametrize(
    "properties",
    [
        f"attribute_definitions={[ID, TIME]}, key_schema={[HASH]}, {index(BY_TIME, {**HASH, 'KeyType': 'RANGE'})}",
        f"attribute_definitions={[ID]}, key_schema=[{{'AttributeName': f'x{{aws.region}}', 'KeyType': 'HASH'}}]",
    ],
)
def test_a_key_that_is_right_or_known_to_the_deploy_alone_is_taken(make: Make, properties: str) -> None:
    assert "DataTable" in make(**shared(properties)).template()["Resources"]
