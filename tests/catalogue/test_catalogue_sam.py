"""SAM's policy templates: what they take, what they grant, and that all of them are policies."""

from __future__ import annotations

import pytest

from remit.catalogue.sam_policies import SamPolicy, sam_policies, sam_policy
from remit.iam.policy import parse


def test_a_template_is_filled_with_what_its_parameters_are_given() -> None:
    found = sam_policy("SQSPollerPolicy")
    assert found is not None
    assert found.parameters == ("QueueName",)
    (statement,) = parse(found.filled({"QueueName": {"Ref": "Orders"}, "More": "is left out"})).statements
    assert statement.resources is not None
    assert statement.resources.patterns == ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Orders}",)


def test_a_value_that_is_named_as_the_parameter_stays_itself() -> None:
    found = sam_policy("DynamoDBReadPolicy")
    assert found is not None
    own = {"Fn::ImportValue": {"Ref": "TableName"}}
    assert found.filled({"TableName": own})["Statement"][0]["Resource"][0]["Fn::Sub"][1]["tableName"] == own


def test_a_parameter_that_is_not_given_is_named() -> None:
    found = sam_policy("S3ReadPolicy")
    assert found is not None
    with pytest.raises(KeyError, match="BucketName"):
        found.filled({})


def test_there_is_no_template_of_a_managed_policy_s_name() -> None:
    assert sam_policy("AWSLambdaBasicExecutionRole") is None


@pytest.mark.parametrize("name", sam_policies())
def test_every_template_is_a_policy_document_once_it_is_filled(name: str) -> None:
    found = sam_policy(name)
    assert found is not None
    policy = parse(found.filled({parameter: {"Ref": parameter} for parameter in found.parameters}))
    assert {statement.effect for statement in policy.statements} == {"Allow"}


def test_a_reference_to_no_parameter_stays_as_it_is_and_parameters_have_their_order() -> None:
    names = ("TableName",)
    document = {"Resource": [{"Ref": "AWS::Region"}, {"Ref": 1}, {"Ref": "TableName"}, "TableName"]}
    filled = SamPolicy("Mine", names, document).filled({"TableName": "orders", "AWS::Region": "x"})
    assert filled == {"Resource": [{"Ref": "AWS::Region"}, {"Ref": 1}, "orders", "TableName"]}
    assert sam_policy("NoSuchPolicy") is None
    stream = sam_policy("DynamoDBStreamReadPolicy")
    assert stream is not None
    assert (stream.name, stream.parameters) == ("DynamoDBStreamReadPolicy", ("StreamName", "TableName"))


def test_an_object_with_more_than_a_reference_in_it_stays_as_it_is() -> None:
    both = {"Ref": "TableName", "Else": {"Ref": "TableName"}}
    filled = SamPolicy("Mine", ("TableName",), {"Statement": [{"Resource": both}]}).filled({"TableName": "orders"})
    assert filled == {"Statement": [{"Resource": {"Ref": "TableName", "Else": "orders"}}]}
