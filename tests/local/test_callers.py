"""The sessions of functions: whose they are, and what policies may ask of them."""

from __future__ import annotations

import re

from remit.local.authorization.callers import FunctionSessions

ROLE = "arn:aws:iam::000000000000:role/shop/web"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:web"


def test_a_function_has_one_session_of_its_role_that_says_when_it_was_issued() -> None:
    sessions = FunctionSessions()
    configuration = {"FunctionArn": FUNCTION, "FunctionName": "web", "Role": ROLE}
    variables = sessions.credentials_of(configuration)
    assert variables == sessions.credentials_of(configuration)
    session = sessions.find(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SESSION_TOKEN"])
    assert session is not None
    secret, caller = session
    assert (variables["AWS_SECRET_ACCESS_KEY"], "web") == (secret, caller.function)
    assert "arn:aws:sts::000000000000:assumed-role/web/web" == caller.arn
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(caller.keys["aws:tokenissuetime"]))
    assert sessions.find(variables["AWS_ACCESS_KEY_ID"], "another token") is None
