"""What references will be once a stack is there, and the places that a role is asked in."""

from __future__ import annotations

from remit.app import Grant, Reason, Resource, Role
from remit.explain.ask import places, standing
from remit.explain.names import names_in
from remit.iam.policy import allow
from remit.iam.tokens import ACCOUNT, PARTITION, REGION


def test_the_ref_of_a_queue_is_a_url_that_no_arn_foretells() -> None:
    names = names_in("shop", (Resource("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs"}),))
    assert names["${Jobs.Arn}"] == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"
    assert "${Jobs}" not in names


def test_a_bucket_without_a_name_gets_one_in_small_letters() -> None:
    names = names_in("Shop", (Resource("Uploads", "AWS::S3::Bucket", {}),))
    assert (names["${Uploads}"], names["${Uploads.Arn}"]) == (
        "shop-uploads-*",
        "arn:${AWS::Partition}:s3:::shop-uploads-*",
    )


def role_on(*resources: str) -> Role:
    return Role("R", (Grant(allow("sqs:SendMessage", on=resources), Reason("text", ""), None),), ())


def test_the_place_of_whoever_asks_comes_before_those_that_statements_name() -> None:
    """By name `ap-east-1` would come first."""
    role = standing(role_on("arn:aws:sqs:ap-east-1:111122223333:a"), {})
    here = {PARTITION: "aws", REGION: "us-east-1", ACCOUNT: "444455556666"}
    there = {PARTITION: "aws", REGION: "ap-east-1", ACCOUNT: "111122223333"}
    assert places(role, home="arn:aws:iam::444455556666:role/r") == (here, there)


def test_whoever_asks_is_in_a_partition_and_account_of_their_own() -> None:
    (place,) = places(standing(role_on("*"), {}), home="arn:aws-cn:sts::111122223333:assumed-role/r/s")
    assert (place[PARTITION], place[ACCOUNT]) == ("aws-cn", "111122223333")
