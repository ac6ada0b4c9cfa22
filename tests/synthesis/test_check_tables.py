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


def shared(properties: str, billing: str = 'billing_mode="PAY_PER_REQUEST"') -> dict[str, str]:
    """A file of shared resources with one table."""
    table = f'resource("AWS::DynamoDB::Table", {properties}, {billing})'
    data = f"from remit import Shared, aws, resource\nclass Data(Shared):\n    table = {table}\n"
    return {"shared/resources/data.py": data}


def index(*key: dict[str, str], kind: str = "global", **more: object) -> str:
    """An index of the table, as a keyword of its resource."""
    indexes = [{"IndexName": "by-time", "KeySchema": list(key), "Projection": {"ProjectionType": "ALL"}, **more}]
    return f"{kind}_secondary_indexes={indexes}"


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
    f"attribute_definitions={[ID, {**ID, 'AttributeType': 'N'}]}, key_schema={[HASH]}": (
        "`DataTable` defines the attribute 'id' twice"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[HASH]}, {index(HASH, RANGE, kind='local')}": (
        "index by-time of `DataTable` cannot be a local index"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[HASH, RANGE]}, {index(HASH, kind='local')}": (
        "index by-time of `DataTable` cannot be a local index"
    ),
    f"attribute_definitions={[ID, TIME]}, key_schema={[HASH, RANGE]}, {index(BY_TIME, kind='local')}": (
        "index by-time of `DataTable` cannot be a local index"
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


UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
KEYS = f"attribute_definitions={[ID, TIME]}, key_schema={[HASH]}"
PROVISIONED = f"provisioned_throughput={UNITS}"
CAPACITIES = {
    "none": (index(BY_TIME, ProvisionedThroughput=UNITS), "table `DataTable` sets no ProvisionedThroughput, and"),
    "none of the index": (f"{index(BY_TIME)}, {PROVISIONED}", "index by-time of `DataTable` sets no Provisioned"),
    "two": (
        f"{index(BY_TIME)}, billing_mode='PAY_PER_REQUEST', {PROVISIONED}",
        "table `DataTable` is paid by request, and sets ProvisionedThroughput",
    ),
    "two of the index": (
        f"{index(BY_TIME, ProvisionedThroughput=UNITS)}, billing_mode='PAY_PER_REQUEST'",
        "index by-time of `DataTable` is paid by request, and sets ProvisionedThroughput",
    ),
}


@pytest.mark.parametrize("case", CAPACITIES)
def test_a_table_with_no_capacity_or_with_two_is_an_error_at_its_line(make: Make, case: str) -> None:
    billing, message = CAPACITIES[case]
    error = make(**shared(KEYS, billing)).error()
    assert ("shared/resources/data.py:3:13", True) == (at(error), error.message.startswith(message))


@pytest.mark.parametrize(
    "billing",
    [
        f"{index(BY_TIME, ProvisionedThroughput=UNITS)}, {PROVISIONED}",
        f"{index(BY_TIME)}, billing_mode=f'{{aws.region}}'",
    ],
)
def test_a_table_that_provides_what_it_and_its_indexes_take_is_taken(make: Make, billing: str) -> None:
    assert "DataTable" in make(**shared(KEYS, billing)).template()["Resources"]


def test_a_global_table_provides_by_settings_of_its_own(make: Make) -> None:
    """It has no ProvisionedThroughput ("AWS::DynamoDB::GlobalTable", CloudFormation)."""
    scaling = {"WriteCapacityAutoScalingSettings": {
        "MinCapacity": 1, "MaxCapacity": 2, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70},
    }}  # fmt: skip
    replicas = [{"Region": "eu-west-1", "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 1}}]
    table = f"attribute_definitions={[ID]}, key_schema={[HASH]}, replicas={replicas}"
    files = shared(table, f"write_provisioned_throughput_settings={scaling}")
    data = files["shared/resources/data.py"].replace("DynamoDB::Table", "DynamoDB::GlobalTable")
    assert "DataTable" in make(**{"shared/resources/data.py": data}).template()["Resources"]
