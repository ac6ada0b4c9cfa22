import app


def test_hello_greets_by_name():
    answer = app.hello({"queryStringParameters": {"name": "you"}}, None)
    assert answer == {"statusCode": 200, "body": '{"hello": "you"}'}
