"""What lies in another region or account than AWS takes it from is refused before a deploy, which knows both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at
from remit.build import build
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make

PLACE = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "111122223333"}
HEAD = "from remit import App, on, resource, secret\napp = App()\n"
FUNCTION = "\ndef hello(event, context): ...\n"


def arn(service: str, resource: str, region: str = "us-west-2", account: str = "111122223333") -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def problems(make: Make, files: dict[str, str]) -> list[RemitError]:
    """What a deploy to the place refuses of a project."""
    project = make(**files)
    try:
        build(project.folder, package=False, place=PLACE)
    except RemitError as error:
        return list(error.all)
    return []


def declared(arguments: str) -> dict[str, str]:
    return {"app.py": f"{HEAD}@app.function({arguments}){FUNCTION}"}


def shared(type_name: str, properties: str) -> dict[str, str]:
    data = f"from remit import Shared, resource\nclass Data(Shared):\n    it = resource('{type_name}', {properties})\n"
    return {"shared/resources/data.py": data, "app.py": f"{HEAD}@app.function{FUNCTION}"}


CERTIFICATE = "certificate/0f6a1c3e-0000-4000-8000-000000000000"
KEY = "key/0f6a1c3e-0000-4000-8000-000000000000"
ELSEWHERE = {
    "a layer": (declared(f"layers=['{arn('lambda', 'layer:pandas:3')}']"), "app.py:3"),
    "a queue": (declared(f"on.sqs('{arn('sqs', 'orders')}')"), "app.py:3"),
    "a stream": (declared(f"on.kinesis('{arn('kinesis', 'stream/clicks')}')"), "app.py:3"),
    "the stream of a table": (
        declared(f"on.dynamodb('{arn('dynamodb', 'table/orders/stream/2026-01-01T00:00:00.000')}')"),
        "app.py:3",
    ),
    "a log group": (declared(f"on.logs('{arn('logs', 'log-group:/shop/web')}')"), "app.py:3"),
    "a signing configuration of another account": (
        declared(
            "properties={'CodeSigningConfigArn': "
            f"'{arn('lambda', 'code-signing-config:csc-0123456789abcdef0', 'eu-west-1', '444455556666')}'}}"
        ),
        "app.py:3",
    ),
    "a log group of another account": (
        declared(f"on.logs('{arn('logs', 'log-group:/shop/web', 'eu-west-1', '444455556666')}')"),
        "app.py:3",
    ),
    "a bus": (declared(f"on.event(source='shop', bus='{arn('events', 'event-bus/shop')}')"), "app.py:3"),
    "a dead-letter queue": (
        declared(f"on.event(source='shop', dead_letter='{arn('sqs', 'failed')}')"),
        "app.py:3",
    ),
    "the dead-letter queue of a schedule": (
        declared(f"on.schedule('rate(1 day)', dead_letter='{arn('sqs', 'failed')}')"),
        "app.py:3",
    ),
    "a secret": (declared(f"environment={{'DB': secret('{arn('secretsmanager', 'secret:db-AbCdEf')}')}}"), "app.py:3"),
    "the key of a function": (declared(f"properties={{'KmsKeyArn': '{arn('kms', KEY)}'}}"), "app.py:3"),
    "the key of a queue": (
        shared("AWS::SQS::Queue", f"kms_master_key_id='{arn('kms', KEY)}'"),
        "shared/resources/data.py:3",
    ),
    "the dead-letter queue of a queue": (
        shared(
            "AWS::SQS::Queue",
            f"redrive_policy={{'deadLetterTargetArn': '{arn('sqs', 'failed')}', 'maxReceiveCount': 3}}",
        ),
        "shared/resources/data.py:3",
    ),
    "the certificate of an API": (
        {
            "app.py": f"{HEAD}@app.function(on.api('GET /')){FUNCTION}",
            "config/deploy.py": (
                "from remit import config\nconfig.api.domain_name = 'api.shop.example'\n"
                f"config.api.certificate_arn = '{arn('acm', CERTIFICATE, 'us-east-1')}'\n"
            ),
        },
        "config/deploy.py:3",
    ),
    "the certificate of a distribution": (
        shared(
            "AWS::CloudFront::Distribution",
            "distribution_config={'Enabled': True, 'DefaultCacheBehavior': {'TargetOriginId': 'a', "
            "'ViewerProtocolPolicy': 'https-only'}, 'ViewerCertificate': "
            f"{{'AcmCertificateArn': '{arn('acm', CERTIFICATE, 'eu-west-1')}', 'SslSupportMethod': 'sni-only'}}}}",
        ),
        "shared/resources/data.py:3",
    ),
}


ANYWHERE = "the certificate of a distribution"
"""What is wrong in every region, and so in a build alone."""


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_is_right_in_some_region_is_no_mistake_of_a_build_alone(make: Make, kind: str) -> None:
    files, _ = ELSEWHERE[kind]
    project = make(**files)
    if kind == ANYWHERE:
        assert "which is in eu-west-1, and must be in us-east-1" in project.error().message
    else:
        project.built()


TWO_PLACES = {
    "two regions": f"on.sqs('{arn('sqs', 'orders')}'), on.kinesis('{arn('kinesis', 'stream/a', 'eu-west-1')}')",
    "a layer and a secret": (
        f"layers=['{arn('lambda', 'layer:a:1')}'], "
        f"environment={{'DB': secret('{arn('secretsmanager', 'secret:db-AbCdEf', 'eu-west-1')}')}}"
    ),
    "two accounts": (
        f"on.logs('{arn('logs', 'log-group:/a')}'), on.logs('{arn('logs', 'log-group:/b', account='444455556666')}')"
    ),
}


@pytest.mark.parametrize("kind", TWO_PLACES)
def test_two_regions_or_accounts_of_one_stack_are_a_mistake_of_a_build_alone(make: Make, kind: str) -> None:
    (error,) = make(**declared(TWO_PLACES[kind])).error().all
    assert "app.py:3" == at(error).rpartition(":")[0]
    assert ": a stack is in one region and account, and this one takes arn:aws:" in str(error.hint)


def test_what_may_be_in_another_account_does_not_tell_the_account_of_the_stack(make: Make) -> None:
    queue, group = arn("sqs", "orders", account="444455556666"), arn("logs", "log-group:/shop/web")
    make(**declared(f"on.sqs('{queue}'), on.logs('{group}')")).built()


def test_what_only_the_deploy_knows_does_not_tell_the_region_of_the_stack(make: Make) -> None:
    queue = "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:orders"
    make(**declared(f"on.sqs('{queue}'), on.kinesis('{arn('kinesis', 'stream/clicks')}')")).built()


def test_what_must_be_in_a_region_of_its_own_does_not_tell_the_region_of_the_stack(make: Make) -> None:
    """The certificate of a distribution is in us-east-1, whatever the region of the layer."""
    certificate = ELSEWHERE[ANYWHERE][0]["shared/resources/data.py"].replace("eu-west-1", "us-east-1")
    files = declared(f"layers=['{arn('lambda', 'layer:a:1')}']")
    make(**files, **{"shared/resources/data.py": certificate}).built()


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_aws_takes_from_another_place_is_refused_at_its_line(make: Make, kind: str) -> None:
    files, place = ELSEWHERE[kind]
    errors = problems(make, files)
    assert [place] == [at(error).rpartition(":")[0] for error in errors], [error.message for error in errors]
    assert "eu-west-1" in errors[0].message or "111122223333" in errors[0].message


def test_a_setting_of_all_functions_is_refused_at_the_line_that_sets_it(make: Make) -> None:
    config = f"from remit import config\nconfig.lambda_.function.layers = ['{arn('lambda', 'layer:pandas:3')}']\n"
    (error,) = problems(make, {**declared("timeout=5"), "config/deploy.py": config})
    assert "config/deploy.py:2" == at(error).rpartition(":")[0]


def test_both_regions_are_named_with_the_one_that_is_needed(make: Make) -> None:
    files, _ = ELSEWHERE["the certificate of an API"]
    (error,) = problems(make, files)
    assert error.message.endswith("which is in us-east-1, and must be in eu-west-1")
    assert "name one that is in eu-west-1" == error.hint
    files, _ = ELSEWHERE["the certificate of a distribution"]
    (error,) = problems(make, files)
    assert error.message.endswith("which is in eu-west-1, and must be in us-east-1")
    assert error.hint is not None
    assert error.hint.endswith("AWS takes it from there, whatever the region of the stack (eu-west-1)")


HERE = {
    "in the region": declared(f"on.sqs('{arn('sqs', 'orders', 'eu-west-1')}')"),
    "in the region, of another account": declared(f"on.sqs('{arn('sqs', 'orders', 'eu-west-1', '444455556666')}')"),
    "a layer of another account": declared(f"layers=['{arn('lambda', 'layer:a:1', 'eu-west-1', '444455556666')}']"),
    "a topic of another region": declared(f"on.sns('{arn('sns', 'news')}')"),
    "a topic of another region, with a queue there": declared(
        f"on.sns('{arn('sns', 'news')}', dead_letter='{arn('sqs', 'failed')}')"
    ),
    "a region that only the deploy knows": declared("on.sqs('arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:orders')"),
    "the key of a replica": shared(
        "AWS::SecretsManager::Secret", f"replica_regions=[{{'Region': 'us-west-2', 'KmsKeyId': '{arn('kms', KEY)}'}}]"
    ),
    "the key of a trail, which is in the region of its bucket": shared(
        "AWS::CloudTrail::Trail", f"is_logging=True, s3_bucket_name='trail', kms_key_id='{arn('kms', KEY)}'"
    ),
    "a certificate of CloudFront": shared(
        "AWS::CloudFront::Distribution",
        "distribution_config={'Enabled': True, 'DefaultCacheBehavior': {'TargetOriginId': 'a', "
        "'ViewerProtocolPolicy': 'https-only'}, 'ViewerCertificate': "
        f"{{'AcmCertificateArn': '{arn('acm', CERTIFICATE, 'us-east-1')}', 'SslSupportMethod': 'sni-only'}}}}",
    ),
}


@pytest.mark.parametrize("kind", HERE)
def test_what_aws_takes_from_there_is_no_mistake(make: Make, kind: str) -> None:
    assert [] == problems(make, HERE[kind])


def test_other_mistakes_hide_no_region(make: Make) -> None:
    files = declared(f"on.sqs('{arn('sqs', 'orders')}'), timeout=0")
    with pytest.raises(RemitError) as refused:
        build(make(**files).folder, package=False, place=PLACE)
    assert ["app.py:3:15", "app.py:3:76"] == [at(error) for error in refused.value.all]
