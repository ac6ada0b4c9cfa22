"""Every form that a policy item can take, what it becomes, and the line that each grant keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.iam.policy import render_statement
from remit.judge.judge import judge
from remit.lint.python_slips import slips
from remit.loading.load import declared
from remit.source.decorators import decorator

if TYPE_CHECKING:
    from conftest import Make

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
FORMS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a service": ('["logs"]', [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]),
    "a service with a dash": (
        '["execute-api"]',
        [{"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}],
    ),
    "an action": (
        '["sqs:SendMessage"]',
        [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
    ),
    "a pattern": ('["s3:Get*"]', [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]),
    "a pattern with ?": ('["s3:?etObject"]', [{"Effect": "Allow", "Action": "s3:?etObject", "Resource": "*"}]),
    "everything": ('["*"]', [{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
    "a bare string": ('"logs"', [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]),
    "a statement": (f"[{ALLOW}]", [ALLOW]),
    "a bare statement": (f"{ALLOW}", [ALLOW]),
    "a statement with lists": (
        '[{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::b/*"]}]',
        [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"}],
    ),
    "a statement with tuples": (
        '[{"Effect": "Allow", "Action": ("s3:GetObject",), "Resource": ("arn:aws:s3:::b/*",)}]',
        [ALLOW],
    ),
    "a statement in snake_case": (
        '[{"effect": "Allow", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/*"}]',
        [ALLOW],
    ),
    "a statement in snake_case, plural": (
        '[{"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]}]',
        [ALLOW],
    ),
    "a Deny": (
        '[{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]',
        [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
    ),
    "NotAction and NotResource": (
        '[{"Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::b"}]',
        [{"Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::b"}],
    ),
    "not_action and not_resource": (
        '[{"effect": "Deny", "not_action": ["s3:*"], "not_resource": ["arn:aws:s3:::b"]}]',
        [{"Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::b"}],
    ),
    "a Sid": (f"[{ {'Sid': 'ReadOnly', **ALLOW} }]", [{"Sid": "ReadOnly", **ALLOW}]),
    "a Condition": (
        f"[{ {**ALLOW, 'Condition': {'StringEquals': {'aws:RequestedRegion': ['eu-west-1', 'eu-west-3']}}} }]",
        [{**ALLOW, "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}}],
    ),
    "a condition whose values are no strings": (
        f"[{ {**ALLOW, 'condition': {'Bool': {'aws:SecureTransport': True}, 'NumericLessThan': {'a:b': 3}}} }]",
        [{**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}, "NumericLessThan": {"a:b": "3"}}}],
    ),
    "a condition with a quantifier and IfExists": (
        f"[{ {**ALLOW, 'Condition': {'ForAnyValue:StringLikeIfExists': {'aws:TagKeys': 'x*'}}} }]",
        [{**ALLOW, "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": "x*"}}}],
    ),
    "a document": (f'[{{"Version": "2012-10-17", "Statement": [{ALLOW}]}}]', [ALLOW]),
    "a document without Version": (f'[{{"Statement": [{ALLOW}]}}]', [ALLOW]),
    "a document of one statement": (f'[{{"Statement": {ALLOW}}}]', [ALLOW]),
    "a document in snake_case": (
        (
            '{"version": "2012-10-17", "statement": [{"effect": "Allow", "action": "s3:GetObject",'
            ' "resource": "arn:aws:s3:::b/*"}]}'
        ),
        [ALLOW],
    ),
    "a PolicyDocument": (f'[{{"PolicyDocument": {{"Statement": [{ALLOW}]}}}}]', [ALLOW]),
    "a named PolicyDocument": (
        f'[{{"PolicyName": "x", "PolicyDocument": {{"Statement": [{ALLOW}]}}}}]',
        [ALLOW],
    ),
    "a policy_document": (f'[{{"policy_document": {{"statement": {ALLOW}}}}}]', [ALLOW]),
    "nested lists": (
        '[["logs", ["sqs:SendMessage"]], ("s3",)]',
        [{"Effect": "Allow", "Action": one, "Resource": "*"} for one in ("logs:*", "sqs:SendMessage", "s3:*")],
    ),
    "duplicates": (
        f'["logs", "logs:*", {ALLOW}, {{"Statement": {ALLOW}}}]',
        [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}, ALLOW],
    ),
    "no items": ("[]", []),
    "late-bound parts": (
        (
            '[{"Effect": "Allow", "Action": "dynamodb:*", "Resource":'
            ' f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.account}:table/{project.namespace}*"}]'
        ),
        [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"{TABLE}orders-dev*"}],
    ),
    "CloudFormation's functions": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::b"}}]',
        [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:${AWS::Partition}:s3:::b"}],
    ),
    "an ARN of letters that IAM accepts": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::büro"}]',
        [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::büro"}],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_its_statements(make: Make, form: str) -> None:
    """The computed default comes first, what is declared after it."""
    written, expected = FORMS[form]
    project = make(config=f"config.lambda_.iam.policy = {written}")
    assert expected == project.statements()[1:]


@pytest.mark.parametrize("form", FORMS)
def test_decorators_and_groups_take_the_same_forms(make: Make, form: str) -> None:
    written, expected = FORMS[form]
    group = f"from remit import aws, project\ngroup = app.group('g', policy={written})\n"
    project = make(app=f"{group}@group.function(policy={written})\ndef hello(event, context): ...\n")
    assert expected == project.statements()[1:]


def test_adding_keeps_what_was_there_and_assigning_replaces_it(make: Make) -> None:
    first = 'config.lambda_.iam.policy = "s3"\nconfig.lambda_.iam.policy += ["sqs"]\nconfig.lambda_.iam.policy += "sns"'
    assert ["s3:*", "sqs:*", "sns:*"] == _actions(make(config=first).statements())
    assert ["ec2:*"] == _actions(make(config=f'{first}\nconfig.lambda_.iam.policy = "ec2"').statements())


def test_a_policy_can_be_put_together_from_itself(make: Make) -> None:
    """Both sides of a `+`, and `[*policy]`, keep each item with its line."""
    project = make(
        config="""
        config.lambda_.iam.policy = "s3"
        config.lambda_.iam.policy = ["sqs"] + config.lambda_.iam.policy
        config.lambda_.iam.policy = config.lambda_.iam.policy + ["sns"]
        config.lambda_.iam.policy = [
            *config.lambda_.iam.policy,
            "ec2",
        ]
        """
    )
    assert {
        "sqs:*": "config/deploy.py:6:34",
        "s3:*": "config/deploy.py:5:33",
        "sns:*": "config/deploy.py:7:62",
        "ec2:*": "config/deploy.py:10:9",
    } == _origins(project.role().grants)


def test_the_items_of_a_policy_are_not_changed_in_place(make: Make) -> None:
    error = make(config='config.lambda_.iam.policy.append("s3")').error()
    assert ("config/deploy.py:5:5", "write `+= ['s3']`") == (at(error), error.hint)


ORIGINS: dict[str, tuple[str, dict[str, str]]] = {
    "a list over several lines": (
        'config.lambda_.iam.policy = [\n    "s3",  # why\n    "sqs", "sns",\n]',
        {"s3:*": "6:9", "sqs:*": "7:9", "sns:*": "7:16"},
    ),
    "a tuple": (
        'config.lambda_.iam.policy = (\n    "s3",\n    "sqs",\n)',
        {"s3:*": "6:9", "sqs:*": "7:9"},
    ),
    "+=": (
        'config.lambda_.iam.policy += [\n    "s3",\n    "sqs",\n]',
        {"s3:*": "6:9", "sqs:*": "7:9"},
    ),
    "nested lists": (
        'config.lambda_.iam.policy = [\n    ["s3",\n     "sqs"],\n]',
        {"s3:*": "6:10", "sqs:*": "7:10"},
    ),
    "a variable": (
        'READS = [\n    "s3",\n    "sqs",\n]\nconfig.lambda_.iam.policy = READS',
        {"s3:*": "6:9", "sqs:*": "7:9"},
    ),
    "a variable that is assigned twice stands where it is used": (
        'READS = ["s3"]\nREADS = ["sqs"]\nconfig.lambda_.iam.policy = READS',
        {"sqs:*": "7:33"},
    ),
    "a variable that was changed stands where it is used": (
        'READS = ["s3"]\nREADS.append("sqs")\nconfig.lambda_.iam.policy = READS',
        {"s3:*": "7:33", "sqs:*": "7:33"},
    ),
    "a starred variable": (
        'READS = ["s3"]\nconfig.lambda_.iam.policy = [\n    *READS,\n    "sqs",\n]',
        {"s3:*": "5:14", "sqs:*": "8:9"},
    ),
    "a starred call": (
        'config.lambda_.iam.policy = [\n    "s3",\n    *sorted(["sns", "sqs"]),\n    "ec2",\n]',
        {"s3:*": "6:9", "sns:*": "7:10", "sqs:*": "7:10", "ec2:*": "8:9"},
    ),
    "two starred calls": (
        'config.lambda_.iam.policy = [\n    "s3", *sorted(["sns"]), "sqs", *sorted(["kms"]),\n    "ec2",\n]',
        {"s3:*": "6:9", "sns:*": "5:33", "sqs:*": "5:33", "kms:*": "5:33", "ec2:*": "7:9"},
    ),
    "a comprehension": (
        'config.lambda_.iam.policy = [\n    f"{name}:*" for name in ("s3", "sqs")]',
        {"s3:*": "5:33", "sqs:*": "5:33"},
    ),
    "a sum of lists": (
        'config.lambda_.iam.policy = ["s3"] + [\n    "sqs"] + ["sns"]',
        {"s3:*": "5:34", "sqs:*": "6:9", "sns:*": "6:19"},
    ),
    "two names at once": (
        'other = config.lambda_.iam.policy = [\n    "s3"]',
        {"s3:*": "6:9"},
    ),
    "statements": (
        'config.lambda_.iam.policy = [\n    {"Effect": "Allow",\n     "Action": "s3:*", "Resource": "*"},\n    "sqs"]',
        {"s3:*": "6:9", "sqs:*": "8:9"},
    ),
}


@pytest.mark.parametrize("form", ORIGINS)
def test_each_item_keeps_the_place_that_wrote_it(make: Make, form: str) -> None:
    written, expected = ORIGINS[form]
    grants = make(config=written).role().grants
    assert {action: f"config/deploy.py:{place}" for action, place in expected.items()} == _origins(grants)


def test_decorators_and_groups_keep_the_places_of_their_items(make: Make) -> None:
    project = make(
        app="""
outer = app.group("outer", policy="kms:Decrypt")
inner = outer.group(
    "inner",
    policy=[
        "sns:Publish",
    ],
)

@inner.function(
    http(),
    timeout=3,
    policy=[
        s3.read(
            "uploads"),
        ["sqs:SendMessage", "ec2:Describe*"],
    ],
)
def hello(event, context): ...
"""
    )
    assert {
        "s3:GetObject": "app.py:22:9",
        "sqs:SendMessage": "app.py:24:10",
        "ec2:Describe*": "app.py:24:29",
        "sns:Publish": "app.py:14:9",
        "kms:Decrypt": "app.py:10:35",
    } == _origins(project.role().grants)


def test_typed_grants_keep_the_line_that_calls_them(make: Make) -> None:
    """Wherever that is: in a variable, or in a helper module of the project."""
    project = make(
        app="import access\n@app.function(policy=access.COMMON)\ndef hello(event, context): ...\n",
        **{"access.py": 'from remit.grants import s3\nCOMMON = [\n    s3.read("b"),\n    s3.list("b", "x/*")]\n'},
    )
    assert {
        "s3:GetObject": "access.py:3:5",
        "s3:ListBucket": "access.py:4:5",
    } == _origins(project.role().grants)


WRONG = {
    "a number": ("[3.14]", "policy[0] must be a string or a dict, got float '3.14'", "5:34"),
    "a set": ('{"logs"}', "policy is a set, whose order changes from run to run", "5:33"),
    "None": ("[None]", "policy[0] is None", "5:34"),
    "no value": ("None", "policy is None", "5:33"),
    "an empty string": ('["logs",\n""]', "policy[1] is an empty string", "6:5"),
    "a word with spaces": ('["s3 : Get"]', "policy[0] is 's3 : Get': neither a service nor an action", "5:34"),
    "an ARN": ('["arn:aws:s3:::b"]', "policy[0] is 'arn:aws:s3:::b': neither a service nor an action", "5:34"),
    "no Effect": ('[{"Action": "s3:*", "Resource": "*"}]', "policy[0] has no 'Effect'", "5:34"),
    "no Resource": ('[{"Effect": "Allow", "Action": "s3:*"}]', "policy[0] has no 'Resource'", "5:34"),
    "no Action": (
        '[{"Effect": "Allow", "Resource": "*"}]',
        "policy[0] has no 'Action' and no 'NotAction'",
        "5:34",
    ),
    "a wrong Effect": (
        '[{"Effect": "Permit", "Action": "s3:*", "Resource": "*"}]',
        "policy[0].Effect 'Permit' is not valid: only 'Allow' and 'Deny' exist",
        "5:45",
    ),
    "an unknown element": (
        '[{"Effect": "Allow", "Actoin": "s3:*", "Resource": "*"}]',
        "policy[0] has unknown key 'Actoin'",
        "5:64",
    ),
    "Action and NotAction": (
        '[{"Effect": "Allow", "Action": "s3:*", "NotAction": "s3:*", "Resource": "*"}]',
        "policy[0] has both 'Action' and 'NotAction'",
        "5:34",
    ),
    "a name in both spellings": (
        '[{"Effect": "Allow", "Action": "s3:*", "action": "s3:*", "Resource": "*"}]',
        "policy[0] has 'Action' twice, in two spellings",
        "5:34",
    ),
    "the same key twice": (
        '[{"Effect": "Allow", "Resource": "*",\n"Action": "s3:*",\n"Action": "sqs:*"}]',
        "policy[0] has the key 'Action' twice, of which Python keeps the last",
        "7:5",
    ),
    "an empty Action": (
        '[{"Effect": "Allow", "Action": [], "Resource": "*"}]',
        "policy[0].Action is an empty list",
        "5:64",
    ),
    "None as Action": (
        '[{"Effect": "Allow", "Action": ["s3:*", None], "Resource": "*"}]',
        "policy[0].Action[1] is None",
        "5:73",
    ),
    "a list in a list": (
        '[{"Effect": "Allow", "Action": [["s3:*"]], "Resource": "*"}]',
        "policy[0].Action[0] is a list inside a list",
        "5:65",
    ),
    "a Principal": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}]',
        "policy[0] has a Principal, but the role itself is the principal",
        "5:34",
    ),
    "a Sid with signs": (
        '[{"Sid": "bad sid!", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]',
        "policy[0]: Sid 'bad sid!' may have only letters and digits",
        "5:42",
    ),
    "a wrong Version": (
        '[{"Version": "2024-01-01", "Statement": []}]',
        "policy[0]: Version '2024-01-01' does not exist",
        "5:46",
    ),
    "a string as Statement": (
        '[{"Statement": "dynamodb:GetItem"}]',
        "policy[0]: Statement must be a dict or a list of dicts, got str 'dynamodb:GetItem'",
        "5:48",
    ),
    "a Condition that is a list": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": ["StringEquals"]}]',
        """policy[0].Condition must be a dict of operators, got list "['StringEquals']\"""",
        "5:102",
    ),
    "an empty operator": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {}}}]',
        "policy[0].Condition.StringEquals is empty: it would always be true",
        "5:119",
    ),
    "an operator that IAM does not have": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEqual": {"a:b": "c"}}}]',
        "policy[0].Condition.StringEqual: there is no condition operator `StringEqual`",
        "5:118",
    ),
    "NaN": (
        (
            '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*",'
            ' "Condition": {"NumericLessThan": {"s3:max-keys": float("nan")}}}]'
        ),
        "policy[0].Condition.NumericLessThan.s3:max-keys is nan: that is not valid JSON",
        "5:138",
    ),
    "a resource that begins with a region": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "${AWS::Region}:aws:s3:::b"}]',
        "policy[0]: the resource '${AWS::Region}:aws:s3:::b' is neither an ARN nor '*'",
        "5:84",
    ),
    "a resource that is not an ARN": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "my-bucket"}]',
        "policy[0]: the resource 'my-bucket' is neither an ARN nor '*'",
        "5:84",
    ),
    "an f that was forgotten": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:{aws.partition}:s3:::b"}]',
        "policy[0]: {aws.partition} in 'arn:{aws.partition}:s3:::b' is literal text",
        "5:84",
    ),
    "an f that was forgotten in a condition key": (
        (
            '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*",'
            ' "Condition": {"StringEquals": {"aws:{aws.region}": "x"}}}]'
        ),
        "policy[0]: {aws.region} in 'aws:{aws.region}' is literal text",
        "5:102",
    ),
    "a variable that is not set": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{os.environ.get(\'NO_SUCH\')}/*"}]',
        "policy[0]: 'arn:aws:s3:::None/*' contains 'None'",
        "5:84",
    ),
    "a sign that IAM refuses": (
        '[{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::日本"}]',
        "policy[0]: '日' (U+65E5) in 'arn:aws:s3:::日本': IAM does not accept it",
        "5:84",
    ),
    "ten million characters": (
        '"s3:" + "A" * 10_000_000',
        "policy: a string of 10,000,003 characters; a whole policy has at most 10,240",
        "5:33",
    ),
}


@pytest.mark.parametrize("form", WRONG)
def test_what_is_no_policy_item_is_refused_at_its_place(make: Make, form: str) -> None:
    written, message, place = WRONG[form]
    error = make(config=f"config.lambda_.iam.policy = {written}").error()
    assert (message, f"config/deploy.py:{place}") == (error.message, at(error))


def test_mistakes_of_a_policy_and_of_its_document_are_told_once_each(make: Make) -> None:
    statement = '{"Effect": "Allow", "Action": "s3:*", "action": "s3:*", "Resource": "*"}'
    item = f'{{"PolicyName": "a", "Nope": 1, "PolicyDocument": {{"Statement": {statement}}}}}'
    error = make(config=f"config.lambda_.iam.policy = [{item}]").error()
    expected = {
        "policy[0] has 'Nope' beside 'PolicyDocument'",
        "policy[0].PolicyDocument has 'Action' twice, in two spellings",
    }
    assert (2, expected) == (len(error.all), {mistake.message for mistake in error.all})


HINTS = {
    '["s3 : GetObject"]': "did you mean `s3:GetObject`?",
    '[{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]': "did you mean `Allow`?",
    '[{"Effect": "Allow", "Actoin": "s3:*", "Resource": "*"}]': "did you mean `Action`?",
    '[{"Sid": "bad sid!", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]': "use 'BadSid'",
    '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringLik": {"a:b": "c"}}}]': (
        "did you mean `StringLike`?"
    ),
}


@pytest.mark.parametrize("written", HINTS)
def test_a_near_miss_is_told(make: Make, written: str) -> None:
    assert HINTS[written] == make(config=f"config.lambda_.iam.policy = {written}").error().hint


@pytest.mark.parametrize(
    "written",
    [
        "loop = []; loop.append(loop); config.lambda_.iam.policy = loop",
        'loop = {}; loop["Condition"] = loop; config.lambda_.iam.policy = loop',
        (
            'loop = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}; loop["Condition"] = {"StringEquals": loop};'
            " config.lambda_.iam.policy = [loop]"
        ),
    ],
)
def test_what_contains_itself_is_refused(make: Make, written: str) -> None:
    error = make(config=written).error()
    assert ("contains itself" in error.message, "config/deploy.py:5") == (True, at(error)[:18])


@pytest.mark.parametrize(("lists", "is_too_deep"), [(33, False), (34, True)])
def test_lists_may_stand_in_lists_as_deep_as_anybody_writes_them(make: Make, *, lists: int, is_too_deep: bool) -> None:
    policy = "[" * lists + "'s3:GetObject'" + "]" * lists
    project = make(app=f"@app.function(policy={policy})\ndef hello(event, context): ...\n")
    if is_too_deep:
        assert "nests lists deeper than 32, or contains itself" in project.error().message
    else:
        assert "s3:GetObject" in [statement["Action"] for statement in project.statements()]


def test_fifteen_hundred_distinct_statements_are_too_many_and_the_line_is_named(make: Make) -> None:
    error = make(config='config.lambda_.iam.policy = [f"s3:Get{n:050}" for n in range(1_500)]').error()
    assert (True, "config/deploy.py:5") == ("IAM allows 10,240" in error.message, at(error))


def test_ten_thousand_equal_statements_are_one(make: Make) -> None:
    project = make(config='config.lambda_.iam.policy = ["s3:GetObject"] * 10_000')
    assert ["s3:GetObject"] == _actions(project.statements())


def test_each_grant_says_why_it_is_there(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.policy = ["logs"]',
        app='g = app.group("money", policy=["sns"])\n@g.function(policy=["sqs:SendMessage", s3.read("b")])\n'
        "def hello(event, context): ...\n",
    )
    assert [
        "hello writes its logs",
        "'sqs:SendMessage' declared for function hello",
        "reads objects * of bucket b",
        "'sns' declared for group money",
        "'logs' in config.lambda_.iam.policy, for every function",
    ] == [grant.because for grant in project.role().grants]


def _actions(statements: list[dict[str, Any]]) -> list[str]:
    """What was declared, behind the computed default."""
    return [statement["Action"] for statement in statements[1:]]


def _origins(grants: Any) -> dict[str, str]:
    return {render_statement(grant.statement)["Action"]: str(grant.origin) for grant in grants[1:]}


OLD = '{"Version": "2008-10-17", "Statement": {**%s, "Resource": "arn:aws:s3:::%%s"}}' % ALLOW  # noqa: UP031 - a dict


@pytest.mark.parametrize("text", ["b/${aws:username}/*", "b/${*}", "b/${aws:PrincipalTag/team}/x"])
def test_a_variable_in_an_old_document_does_not_come_to_life(make: Make, text: str) -> None:
    error = make(config=f"config.job.enable = False\nconfig.lambda_.iam.policy = [{OLD % text}]").error()
    assert (
        f"policy[0]: in Version '2008-10-17' there are no variables, and 'arn:aws:s3:::{text}' is literal text",
        "config/deploy.py:6:167",
    ) == (error.message, at(error))


def test_an_old_document_without_variables_means_the_same_as_a_new_one(make: Make) -> None:
    (function,) = make(config=f"config.lambda_.iam.policy = [{OLD % 'b-${AWS::Region}/*'}]").load().functions
    assert function.policy[0].statement.resources is not None
    assert function.policy[0].statement.resources.patterns == ("arn:aws:s3:::b-${AWS::Region}/*",)


def test_an_old_policy_that_was_read_elsewhere_is_no_other_matter(make: Make) -> None:
    config = f"from remit import parse\nconfig.lambda_.iam.policy = [parse({OLD % 'b/${aws:username}'})]"
    assert "in Version '2008-10-17' there are no variables" in make(config=config).error().message


def test_each_statement_of_a_document_is_granted(make: Make) -> None:
    statements = (
        '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, '
        '{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}'
    )
    (function,) = make(config=f'config.lambda_.iam.policy = [{{"Statement": [{statements}]}}]').load().functions
    assert [("s3:GetObject",), ("sqs:SendMessage",)] == [grant.statement.actions.patterns for grant in function.policy]


def test_what_was_added_to_a_policy_can_be_counted(make: Make) -> None:
    policy = "config.lambda_.iam.policy"
    make(config=f'{policy} = ["logs"]\n{policy} += ["sqs:*"]\nassert 2 == len({policy})').load()


def test_a_default_policy_of_the_configuration_is_its_grants(make: Make) -> None:
    app = make(config='config.lambda_.iam.default_policy = ["logs"]').load()
    assert app.default_policy is not None
    assert [render_statement(grant.statement) for grant in app.default_policy] == [
        {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    ]
    assert app.default_vpc_policy is None


@pytest.mark.parametrize(
    ("policy", "with_logs"),
    [
        ("[s3.read(\n    'uploads'\n)]", """[s3.read('uploads'), "logs"]"""),
        ("SHARED", '[*SHARED, "logs"]'),
        ('"sqs:SendMessage"', '["sqs:SendMessage", "logs"]'),
    ],
)
def test_an_item_joins_a_policy_on_one_line_whether_that_is_a_list_a_name_or_a_single_item(
    make: Make, policy: str, with_logs: str
) -> None:
    project = make(app=f'SHARED = ["sns:Publish"]\n@app.function(policy={policy})\ndef hello(event, context): ...\n')
    written = decorator(project.folder, project.load().functions[0].origin)
    assert written is not None
    assert written.with_policy('"logs"') == f"policy={with_logs}"


def test_a_string_in_the_place_of_a_list_of_policies_is_found_at_its_line_in_settings_of_iam_alone(make: Make) -> None:
    config = 'config.lambda_.iam.policy = "logs"\nconfig.lambda_.function.policy = "logs"'
    folder = make(config=config).folder
    assert [("bare", "logs", "config/deploy.py:5:33")] == [
        (slip.kind, slip.text, str(origin)) for slip, origin in slips(folder, "config/deploy.py")
    ]


ALL_WRONG = """
OLD = {"Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/${aws:username}"}]}
@app.function(policy=[
    "a b",
    ["logs", {"Effect": "Allow", "Action": "a:B", "Action": "s3:PutObject", "Effect": "Allow", "Resource": "*"}],
    {"Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:GetObject", 3], "Resource": ["*", "orders"], "Sid": "a-b"},
        {"Effect": "Alow", "Action": "s3:GetObject", "Resource": "orders"},
    ]},
    OLD,
    {"PolicyDocument": {"Statement": []}, "Zz": 1, "Aa": 2},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "${AWS::StackId}"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "${AWS::StackName}"},
    {"PolicyName": "x", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:GetObject"}}},
], managed_policy=["ReadOnlyAccess", "no name", ["arn:aws:iam::aws:policy/ReadOnlyAcess", 3],
    "service-role/ReadOnlyAccess", "AWSLambdaBasicExecutionRole/x",
    "arn:aws-iso-b:iam::aws:policy/ReadOnlyAccess",
    "job-function/AWSLambdaBasicExecutionRole"])
def hello(event, context): ...
"""
OF_ALL = 'config.lambda_.iam.policy = ["logs", "c d"]\nconfig.lambda_.iam.managed_policy = ["x y"]'
OF_DEV = "from remit import config\n\nconfig.lambda_.iam.policy += [\n    'sqs', 'e f']\n"


TOLD = """\
config/deploy.py:5:42 policy[1] is 'c d': neither a service nor an action (did you mean `rds`?)
config/deploy/dev.py:4:12 policy[1] is 'e f': neither a service nor an action (did you mean `elasticfilesystem`?)
config/deploy.py:6:42 managed_policy[0]: 'x y' is not a valid name for a managed policy (None)
app.py:13:5 policy[0] is 'a b': neither a service nor an action (did you mean `a4b`?)
app.py:14:51 policy[1][1] has the key 'Action' twice, of which Python keeps the last (merge them into one list)
app.py:17:56 policy[2]: Statement[1].Action[1] must be a string or a list of strings, got int '3' (None)
app.py:17:96 policy[2]: Sid 'a-b' may have only letters and digits (use 'AB')
app.py:18:20 policy[2]: Statement[2].Effect 'Alow' is not valid: only 'Allow' and 'Deny' exist (did you mean `Allow`?)
app.py:17:78 policy[2]: the resource 'orders' is neither an ARN nor '*' (an ARN starts with `arn:`)
app.py:20:5 policy[3]: in Version '2008-10-17' there are no variables, and 'arn:aws:s3:::x/${aws:username}' is literal text (use '2012-10-17', in which it is a variable; `${$}` stands for a literal `$` there)
app.py:21:5 policy[4] has 'Aa' beside 'PolicyDocument' (None)
app.py:23:63 policy[6]: the resource '${AWS::StackName}' is neither an ARN nor '*' (an ARN starts with `arn:`)
app.py:24:5 policy[7] has no 'Resource' (add 'Resource': an ARN, or '*' if it must be everything)
app.py:25:38 managed_policy[1]: 'no name' is not a valid name for a managed policy (None)
app.py:25:50 managed_policy[2][0]: AWS has no managed policy 'ReadOnlyAcess' (did you mean `ReadOnlyAccess`?)
app.py:25:91 managed_policy[2][1] must be a policy's name or ARN, got int '3' (None)
app.py:26:5 managed_policy[3]: AWS has no managed policy 'service-role/ReadOnlyAccess' (did you mean `ReadOnlyAccess`?)
app.py:26:36 managed_policy[4]: AWS has no managed policy 'AWSLambdaBasicExecutionRole/x' (a policy of your own account is named by its ARN, with {aws.account})
app.py:28:5 managed_policy[6]: AWS has no managed policy 'job-function/AWSLambdaBasicExecutionRole' (did you mean `service-role/AWSLambdaBasicExecutionRole`?)
"""  # noqa: E501 - a line each


def test_every_mistake_of_policies_is_told_at_its_own_place_and_the_right_items_stay(make: Make) -> None:
    with declared(make(config=OF_ALL, app=ALL_WRONG, **{"config/deploy/dev.py": OF_DEV}).folder) as said:
        judged = judge(said)
    errors = judged.mistakes.errors
    assert TOLD == "".join(f"{error.origin} {error.message} ({error.hint})\n" for error in errors)
    (function,) = judged.app.functions
    assert [(grant.because, str(grant.origin)) for grant in function.policy] == [
        ("'logs' declared for function hello", "app.py:14:6"),
        ("declared for function hello", "app.py:22:5"),
        ("'logs' in config.lambda_.iam.policy, for every function", "config/deploy.py:5:34"),
        ("'sqs' in config.lambda_.iam.policy, for every function", "config/deploy/dev.py:4:5"),
    ]
    assert {name.rpartition("/")[2]: str(line) for name, line in function.managed_written.items()} == {
        "ReadOnlyAccess": "app.py:25:20"
    }
