from remit import Shared, output, resource


class Data(Shared):
    """The queue where orders arrive, and the table that keeps them."""

    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    table = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    queue_url = output(queue, "Send orders here")
    table_name = output(table, "Where orders are kept")
