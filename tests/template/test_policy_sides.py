"""A side of a comparison: a policy, several, or layers by name, each statement at its place in the file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.errors import RemitError
from remit.iam.comparison import StatementLocation
from remit.iam.decide.evaluate import Request, evaluate
from remit.template.policy_files import read_policy, read_side


def policy(action: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


def side(value: Any) -> Any:
    return read_side(json.dumps(value).encode(), "side.json")


def actions(policies: Any) -> list[str]:
    return [action for one in policies for statement in one.statements for action in statement.actions.patterns]


def test_each_layer_has_its_own_policies() -> None:
    value = {
        "identity": [policy("s3:*"), policy("sqs:*")], "boundary": policy("s3:Get*"), "session": None,
        "scp": [[policy("a:*")], [policy("b:*"), policy("c:*")]], "rcp": [[policy("d:*")]],
        "endpoint": policy("e:*"), "endpoint_type": "Gateway",
    }  # fmt: skip
    layers = side(value).layers
    assert (actions(layers.identity), actions(layers.boundary), layers.session) == (["s3:*", "sqs:*"], ["s3:Get*"], ())
    assert list(map(actions, layers.scp)) == [["a:*"], ["b:*", "c:*"]]
    assert (list(map(actions, layers.rcp)), actions(layers.endpoint)) == ([["d:*"]], ["e:*"])
    assert layers.endpoint_type == "Gateway"


@pytest.mark.parametrize(
    ("value", "single"), [(policy("s3:*"), True), ([policy("s3:*")], False), ({"identity": policy("s3:*")}, False)]
)
def test_one_document_alone_is_a_single_policy(value: Any, *, single: bool) -> None:
    assert side(value).single is single
    content = json.dumps(value).encode()
    if single:
        assert actions([read_policy(content, "side.json", "hint")[0]]) == ["s3:*"]
    else:
        with pytest.raises(RemitError, match=r"side\.json holds no single policy document") as refused:
            read_policy(content, "side.json", "hint")
        assert (refused.value.hint, str(refused.value.origin)) == ("hint", "side.json:1")


@pytest.mark.parametrize("value", [{"Version": "2012-10-17"}, {"Id": "x"}])
def test_a_document_without_statements_is_refused_as_a_document(value: Any) -> None:
    with pytest.raises(RemitError) as caught:
        side(value)
    assert "there is no layer" not in caught.value.message


LINES = """{"identity": [{"Statement":
{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}},
{"Statement": [
{"Effect": "Allow", "Action": "a:*", "Resource": "*"},
{"Effect": "Allow", "Action": "b:*", "Resource": "*"}]}],
"scp": [[], [{"Statement": [
{"Effect": "Allow", "Action": "c:*", "Resource": "*"}]}]]}"""


@pytest.mark.parametrize(
    ("layer", "number", "index", "line"),
    [("identity", 0, 0, 2), ("identity", 1, 0, 4), ("identity", 1, 1, 5), ("scp[1]", 0, 0, 7)],
)
def test_a_statement_of_any_layer_stands_at_its_line(layer: str, number: int, index: int, line: int) -> None:
    read = read_side(LINES.encode(), "side.json")
    statement = read.layers.identity[0].statements[0]
    assert read.locate(StatementLocation(layer, number, index, statement)).line == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('{"identity":\n[{"Statement": [\n{"Effect": "Maybe", "Action": "a:b", "Resource": "*"}]}]}', 3),
        ('[{"Statement": []},\n{"Statement": [\n{"Effect": "Maybe", "Action": "a:b", "Resource": "*"}]}]', 3),
        ('{"scp": [[],\n[{"Statement": [\n{"Effect": "Maybe", "Action": "a:b", "Resource": "*"}]}]]}', 3),
        ('{"boundary":\n{"Statement": [\n{"Effect": "Maybe", "Action": "a:b", "Resource": "*"}]}}', 3),
    ],
)
def test_what_is_wrong_in_a_layer_is_refused_at_its_line(value: str, line: int) -> None:
    with pytest.raises(RemitError) as caught:
        read_side(value.encode(), "side.json")
    assert caught.value.origin is not None
    assert caught.value.origin.line == line


@pytest.mark.parametrize("kind", ["boundary", "scp"])
@pytest.mark.parametrize(
    ("documents", "allowed", "denied"),
    [
        ([policy("s3:*")], "s3:GetObject", "sqs:SendMessage"),
        ([policy("s3:*"), policy("s3:PutObject", "Deny")], "s3:GetObject", "s3:PutObject"),
    ],
)
def test_as_a_limit_policies_allow_what_they_allow_of_everything(
    kind: str, documents: list[Any], allowed: str, denied: str
) -> None:
    layers = side(documents).limiting(kind).layers
    who = "arn:aws:iam::111122223333:user/ann"
    for action, verdict in ((allowed, "Allowed"), (denied, "Denied")):
        request = Request(action, "arn:aws:s3:::data/a", who, {"aws:ResourceAccount": "111122223333"})
        assert evaluate(request, layers).verdict.endswith(verdict)


def test_a_policy_of_an_endpoint_is_a_limit_of_the_endpoints_type() -> None:
    value = {"identity": policy("s3:*"), "endpoint_type": "Interface"}
    layers = side(value).limiting("endpoint").layers
    assert (actions(layers.endpoint), actions(layers.identity), layers.endpoint_type) == (["s3:*"], ["*"], "Interface")


@pytest.mark.parametrize("kind", ["scp", "rcp"])
def test_beside_denials_alone_organizations_allow_the_rest(kind: str) -> None:
    layers = side([policy("s3:PutObject", "Deny")]).limiting(kind).layers
    assert actions(layers.scp[0] if kind == "scp" else layers.rcp[0]) == ["s3:PutObject", "*"]


def test_the_place_of_everything_that_a_limit_is_within_is_the_file() -> None:
    limit = read_side(LINES.encode(), "side.json").limiting("boundary")
    (statement,) = limit.layers.identity[0].statements
    assert limit.locate(StatementLocation("identity", 0, 0, statement)).line == 1
    assert limit.locate(StatementLocation("boundary", 1, 1, statement)).line == 5


@pytest.mark.parametrize(
    ("text", "message", "hint", "at"),
    [
        (
            '{"identity": [],\n "endpoint_type": "Gate"}',
            "endpoint_type must be one of Gateway, Interface",
            "",
            "side.json:2:19",
        ),
        ('{"scp":\n {}}', "scp must be a list of levels, each a list of policies", "", "side.json:2:2"),
        ('{"rcp": [[],\n 3]}', "rcp[1] must be a policy or a list of policies", "", "side.json:2:2"),
        ('{"Identity": []}', "there is no layer 'Identity'", "did you mean `identity`?", "side.json:1:14"),
        (
            '{"PolicyVersion": {}}',
            "there is no layer 'PolicyVersion'",
            (
                "this is what the aws command prints around a policy: "
                "`--query PolicyVersion.Document` prints the policy alone"
            ),
            "side.json:1:19",
        ),
        (
            '{"somebody": []}',
            "there is no layer 'somebody'",
            "there are identity, boundary, session, endpoint, scp, rcp, endpoint_type",
            "side.json:1:14",
        ),
        (
            "\n 3",
            "side.json holds no policy",
            'a policy document, a list of them, or {"identity": […], "boundary": …, "scp": [[…]]}',
            "side.json:2:2",
        ),
        (
            '[{"Statement":\n {"Effect": "Allow", "Acton": "s3:*", "Resource": "*"}}]',
            "Statement has unknown key 'Acton'",
            "did you mean `Action`?",
            "side.json:2:31",
        ),
    ],
)
def test_what_is_no_side_is_refused_at_its_place_with_a_hint(text: str, message: str, hint: str, at: str) -> None:
    with pytest.raises(RemitError) as refused:
        read_side(text.encode(), "side.json")
    assert (refused.value.message, refused.value.hint or "", str(refused.value.origin)) == (message, hint, at)
