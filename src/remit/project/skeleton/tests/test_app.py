import app


def test_hello_greets_by_name():
    """A handler is a function: nothing is started for it."""
    answer = app.hello({"queryStringParameters": {"name": "you"}}, None)
    assert answer == {"statusCode": 200, "body": '{"hello": "you"}'}


def test_tidy_may_not_delete_backups(remit):
    """What a role allows is known from the source."""
    remit.assert_denied("tidy", "s3:DeleteObject", "backups/monday.zip")


def test_hello_answers_a_request(remit):
    """The app runs on this machine, each function under its role."""
    assert remit.invoke("hello", http="GET /?name=you") == {"statusCode": 200, "body": '{"hello": "you"}'}
