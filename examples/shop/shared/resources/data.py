from remit import Shared, resource


class Data(Shared):
    """What the shop keeps, and what waits to be done."""

    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    not_packed = resource("AWS::SQS::Queue", message_retention_period=1_209_600)
    to_pack = resource(
        "AWS::SQS::Queue",
        visibility_timeout=180,
        redrive_policy={"deadLetterTargetArn": not_packed.arn, "maxReceiveCount": 3},
    )
    alerts = resource("AWS::SNS::Topic")
    signing_key = resource("AWS::SecretsManager::Secret", generate_secret_string={"PasswordLength": 40})
    files = resource("AWS::S3::Bucket")
