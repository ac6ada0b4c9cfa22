"""`remit evaluate`: lines of requests, and one request by options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import projects

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/data/evaluation-cases.jsonl"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
        {
            "Effect": "Allow",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
    ],
}


def remit(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Exit code, output and talk of `remit`."""
    ran = projects.remit(*arguments, stdin=stdin)
    return ran.status, ran.out, ran.err


def case(**fields: Any) -> bytes:
    """One line."""
    line: dict[str, Any] = {
        "id": "x",
        "policies": {"identity": [POLICY]},
        "request": {"action": "s3:GetObject"},
    }
    return json.dumps({**line, **fields}).encode()


GOOD = case(request={"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"})


def answers(*lines: bytes) -> tuple[int, list[dict[str, Any]], str]:
    """What the lines are answered with."""
    code, out, talk = remit("evaluate", "-", stdin=b"\n".join(lines))
    return code, [json.loads(line) for line in out.splitlines()], talk


@pytest.mark.parametrize("name", ["evaluation", "documented", "page", "derived", "exception", "service", "feature"])
def test_the_recorded_cases_are_answered_line_by_line(name: str) -> None:
    cases = ROOT / f"tests/data/{name}-cases.jsonl"
    code, out, talk = remit("evaluate", str(cases))
    expected = [json.loads(line) for line in cases.read_text(encoding="utf-8").splitlines()]
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, talk) == (0, "")
    assert [(one["id"], one["verdict"]) for one in found] == [(one["id"], one["expected"]) for one in expected]
    keys = ("id", "verdict", "because", "layers")
    assert {tuple(one) for one in found} <= {keys, (*keys, "allowed_on")}


def test_a_layer_is_answered_with_its_verdict_and_statements() -> None:
    request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
    _, (answer,), _ = answers(case(request=request))
    assert answer == {
        "id": "x",
        "verdict": "Allowed",
        "because": "identity[0].Statement[0] (Read) allows s3:GetObject on arn:aws:s3:::b/k",
        "layers": {"identity": {"verdict": "Allowed", "statements": ["identity[0].Statement[0] (Read)"]}},
    }


def test_a_context_is_complete_unless_the_request_says_what_is_open() -> None:
    request = {"action": "sqs:SendMessage"}
    code, found, _ = answers(
        case(request=request),
        case(request={**request, "open": True}),
        case(request={**request, "open": ["aws:securetransport"]}),
        case(request={**request, "open": ["aws:SourceIp"]}),
        case(request={**request, "context": {"aws:SecureTransport": True}}),
    )
    assert code == 0
    verdicts = [one["verdict"] for one in found]
    assert verdicts == ["ImplicitlyDenied", "Unknown", "Unknown", "ImplicitlyDenied", "Allowed"]
    assert found[1]["unknown"] == ["aws:SecureTransport"]


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        (
            b'{"id": "x", "id": "y"}',
            'the key "id" stands twice in one object, first at standard input:2:2',
            13,
        ),
        (b'{"id": "x",}', "there is a comma before the }: JSON has no trailing commas", 11),
        (b'{"id": NaN}', "NaN is not valid JSON", 8),
        (b"[" * 5000, "the JSON nests deeper than 64", 65),
        (b"[]", "the line must be an object, got []", 1),
        (b'{"policies": {}}', "the line has no 'request'", 1),
        (case(policies=[]), "policies must be an object, got []", None),
        (case(request="x"), 'request must be an object, got "x"', None),
        (case(request={}), "the request has no 'action'", None),
        (case(request={"action": 5}), "request.action must be a string, got 5", None),
        (case(request={"action": "a:b", "resorce": "*"}), "request has no key 'resorce'", None),
        (case(request={"action": "a:b", "context": {"k": {"a": 1}}}), "request.context.k must be", None),
        (case(policies={"identity": "x"}), "identity must be a policy or a list of policies", None),
        (case(policies={"scp": {}, "identity": [{"Statement": {}}]}), "Statement has no 'Effect'", None),
        (case(policies={"scp": {"a": 1}}), "scp must be a list of levels, each a list of policies", None),
        (case(policies={"scp": [[], [POLICY, 5]]}), "policy document must be a dict, got int '5'", None),
        (case(policies={"identity": ["{}"]}), "policy document must be a dict, got str '{}'", None),
        (case(request={"action": "GetObject"}), "'GetObject' is not an action", None),
        (case(request={"action": ""}), "'' is not an action", None),
        (b'{"id": "\xff"}', "standard input is not UTF-8: byte 8 is 0xff", None),
    ],
)
def test_a_bad_line_is_answered_by_its_error_and_the_others_are_not_lost(
    line: bytes, message: str, column: int | None
) -> None:
    code, found, talk = answers(case(id=1), line, b"", case(id=4))
    assert code == 2
    assert [one.get("verdict") for one in found] == ["ImplicitlyDenied", None, "ImplicitlyDenied"]
    assert found[1]["error"].startswith(message)
    assert found[1]["line"] == 2
    assert column is None or found[1]["column"] == column
    assert f"error: {message}" in talk
    assert "Traceback" not in talk


def test_each_answer_has_the_id_of_its_line_whatever_that_is() -> None:
    identifiers = [0, "", False, [], "a"]
    assert identifiers == [answer["id"] for answer in answers(*(case(id=identifier) for identifier in identifiers))[1]]


def test_an_error_in_a_policy_is_told_at_its_line_and_column() -> None:
    line = b'{"policies": {"identity": [{"Statement": [{"Effect": "allow", "Action": "a:b"}]}]}, "request": {}}'
    line = line.replace(b"{}}", b'{"action": "a:b"}}')
    _, (answer,), talk = answers(line)
    assert (answer["line"], answer["column"]) == (1, 54)
    assert "--> standard input:1:54" in talk
    assert "did you mean `Allow`?" in talk


def test_an_operator_that_does_not_exist_is_told_at_its_place(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringEquls": {"a:b": "c"}}}
    line = json.dumps({"policies": {"identity": [{"Statement": [statement]}]}, "request": {"action": "a:b"}}).encode()
    _, (answer,), talk = answers(line)
    place = line.index(b'"StringEquls"') + 1
    assert answer["error"].endswith("Condition.StringEquls: there is no condition operator `StringEquls`")
    assert answer["column"] == place
    assert f"--> standard input:1:{place}" in talk
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"Statement": statement}, indent=1), encoding="utf-8")
    code, _, talk = remit("evaluate", "--policy", str(file), "--action", "a:b")
    assert (code, f"--> {file}:7:4" in talk) == (2, True)


def test_one_request_is_decided_by_options(tmp_path: Path) -> None:
    policy = tmp_path / "p.json"
    policy.write_text(json.dumps(POLICY), encoding="utf-8")
    one = ("evaluate", "--policy", str(policy))
    code, out, _ = remit(*one, "--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k")
    assert (code, out) == (
        0,
        "Allowed: identity[0].Statement[0] (Read) allows s3:GetObject on arn:aws:s3:::b/k\n",
    )
    code, out, _ = remit(*one, "--action", "sqs:SendMessage")
    assert code == 1
    assert out.startswith("Unknown: sqs:SendMessage on * depends on aws:SecureTransport")
    code, out, _ = remit(*one, "--action", "sqs:SendMessage", "--complete", "--json")
    assert (code, json.loads(out)["verdict"]) == (1, "ImplicitlyDenied")
    code, out, _ = remit(*one, "--action", "sqs:SendMessage", "--context", "aws:securetransport=true")
    assert (code, out.split(":")[0]) == (0, "Allowed")


def test_what_cannot_be_meant_is_a_mistake_with_a_hint(tmp_path: Path) -> None:
    for arguments, message in (
        ((), "takes a FILE of requests"),
        ((str(CASES), "--action", "a:b"), "takes a FILE of requests"),
        (("--action", "a:b", "--context", "x"), "is not KEY=VALUE"),
        (("--action", "GetObject"), "'GetObject' is not an action"),
        ((str(CASES), "--complete", "--context", "a:b=c"), "--context, --complete go with --action"),
        (("--action", "a:b", "--policy", str(tmp_path / "none.json")), "does not exist"),
    ):
        code, out, talk = remit("evaluate", *arguments)
        assert (code, out) == (2, "")
        assert message in talk


def test_a_resources_policy_given_as_the_callers_is_noted(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    statement = {**POLICY["Statement"][0], "Principal": {"AWS": "111122223333"}}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), encoding="utf-8")
    arguments = ("--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k")
    _, _, talk = remit("evaluate", "--policy", str(policy), *arguments)
    assert talk == "note: a Principal means nothing in --policy: a resource's policy goes with --resource-policy\n"
    _, _, talk = remit("evaluate", "--resource-policy", str(policy), *arguments)
    assert talk == ""


def test_the_policy_of_a_vpc_endpoint_is_a_layer_of_its_own(tmp_path: Path) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}
    queue = "arn:aws:sqs:eu-west-1:111122223333:q"
    of_endpoint = {**document, "Statement": {**document["Statement"], "Principal": "*", "Action": "sqs:Receive*"}}
    own, endpoint = tmp_path / "own.json", tmp_path / "endpoint.json"
    own.write_text(json.dumps(document))
    endpoint.write_text(json.dumps(of_endpoint))
    options = ("--policy", str(own), "--endpoint-policy", str(endpoint), "--resource", queue, "--complete")
    _, out, _ = remit("evaluate", *options, "--action", "sqs:SendMessage", "--json")
    assert json.loads(out)["layers"] == {
        "identity": {"verdict": "Allowed", "statements": ["identity[0].Statement[0]"]},
        "endpoint": {"verdict": "ImplicitlyDenied", "statements": []},
    }
    assert 0 == remit("evaluate", *options, "--action", "sqs:ReceiveMessage")[0]
    without_policy = ("--policy", str(own), "--endpoint-type", "Gateway", "--action", "sqs:ReceiveMessage")
    assert 2 == remit("evaluate", *without_policy)[0]
    line = case(
        policies={"identity": [document], "endpoint": of_endpoint},
        request={"action": "sqs:SendMessage", "resource": queue},
    )
    _, (answer,), _ = answers(line)
    assert answer["verdict"] == "ImplicitlyDenied"


def test_an_action_without_resources_is_decided_by_statements_on_everything(tmp_path: Path) -> None:
    """The catalogue knows that s3:ListAllMyBuckets takes no resource: a Deny on one bucket does not touch it."""
    policy = tmp_path / "policy.json"
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret"}
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]}))
    ran = remit("evaluate", "--policy", str(policy), "--action", "s3:ListAllMyBuckets", "--complete")
    assert 0 == ran[0]
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": "arn:aws:s3:::b"}]}))
    ran = remit("evaluate", "--policy", str(policy), "--action", "s3:ListAllMyBuckets", "--complete")
    assert 1 == ran[0]


def test_a_request_on_everything_names_the_patterns_on_which_it_would_be_allowed() -> None:
    allow = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*", "arn:aws:s3:::*"],
    }
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    policies = {"identity": [{"Version": "2012-10-17", "Statement": [allow, deny]}]}
    _, found, _ = answers(
        case(policies={"identity": [{"Version": "2012-10-17", "Statement": [allow]}]}),
        case(policies=policies, request={"action": "s3:ListAllMyBuckets"}),
        case(policies=policies, request={"action": "s3:GetObject", "resource": "arn:aws:s3:::c/k"}),
        case(policies=policies, request={"action": "ec2:DescribeInstances"}),
    )
    assert [(one["verdict"], one.get("allowed_on")) for one in found] == [
        ("ImplicitlyDenied", ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*", "arn:aws:s3:::*"]),
        ("ImplicitlyDenied", ["arn:aws:s3:::*"]),
        ("Allowed", None),
        ("ImplicitlyDenied", None),
    ]


def test_a_pattern_that_no_request_for_the_action_can_name_is_not_one_on_which_it_is_allowed() -> None:
    """A bucket is no object, and an alarm takes no data of metrics."""
    place = "cloudwatch:eu-west-1:111122223333"
    resources = ["arn:aws:s3:::orders", "arn:aws:s3:::orders/in/*", f"arn:aws:{place}:alarm:*"]
    allow = {"Effect": "Allow", "Action": ["s3:GetObject", "cloudwatch:PutMetricData"], "Resource": resources}
    policies = {"identity": [{"Version": "2012-10-17", "Statement": [allow]}]}
    _, decisions, _ = answers(
        case(policies=policies, request={"action": "s3:GetObject", "resource": "*"}),
        case(policies=policies, request={"action": "cloudwatch:PutMetricData", "resource": "*"}),
    )
    assert [["arn:aws:s3:::orders/in/*"], None] == [decision.get("allowed_on") for decision in decisions]


def test_an_action_that_lists_buckets_is_asked_on_all_of_them(tmp_path: Path) -> None:
    """The S3 User Guide allows it on `arn:aws:s3:::*`; a pattern of some buckets' names does not match that."""
    policy = tmp_path / "policy.json"
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets"}
    for resource, code in (("arn:aws:s3:::*", 0), ("arn:aws:s3:::d*", 1)):
        policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": {**allow, "Resource": resource}}))
        options = ("--action", "s3:ListAllMyBuckets", "--resource", "arn:aws:s3:::*", "--complete")
        assert code == remit("evaluate", "--policy", str(policy), *options)[0]


def test_a_slip_in_what_is_asked_is_noted_beside_the_answer(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY), encoding="utf-8")
    code, out, talk = remit("evaluate", "--policy", str(policy), "--action", "s3:GetObjct", "--resource", "b/k")
    assert (code, out.partition(":")[0]) == (1, "ImplicitlyDenied")
    assert talk.splitlines() == [
        "note: the catalogue knows no action s3:GetObjct: did you mean s3:GetObject?",
        "note: the resource b/k is not an ARN",
    ]


def test_of_many_bad_lines_the_first_are_told_and_all_are_answered() -> None:
    code, found, talk = answers(*[b"nonsense"] * 30, case(id=1))
    assert (code, len(found), found[-1]["id"]) == (2, 31, 1)
    assert talk.count("is not valid JSON") == 20
    assert talk.endswith("error: 10 more lines cannot be read: their answers say why\n")


def test_a_file_of_another_kind_is_left_after_a_thousand_lines_and_one_line_that_can_be_read_keeps_all() -> None:
    code, found, talk = answers(*[b"nonsense"] * 50_000)
    assert (code, len(found)) == (2, 1_000)
    assert talk.count("is not valid JSON") == 20
    assert "error: standard input holds no JSON lines: none of the first 1,000 can be read" in talk
    assert "--> standard input:1001" in talk
    code, found, _ = answers(case(id=1), *[b"nonsense"] * 1_500)
    assert (code, len(found)) == (2, 1_501)


@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_a_name_without_end_is_refused_at_its_place(tmp_path: Path, element: str) -> None:
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "Resource": "*", element: ["s3:" + "*a" * 50_000]}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "utf-8")
    code, _, talk = remit("evaluate", "--policy", str(policy), "--action", "s3:GetObject")
    assert code == 2
    assert f"{element}[0] is a string of 100,003 characters" in talk.replace("Statement[0].", "")
    assert f"--> {policy}:1:" in talk


def test_null_among_the_values_of_a_key_is_told_at_its_place() -> None:
    code, (answer,), talk = answers(case(request={"action": "s3:GetObject", "context": {"aws:TagKeys": ["a", None]}}))
    assert (code, answer["line"], answer["column"] > 1) == (2, 1, True)
    assert "NoneType" not in talk


def test_a_misspelt_key_of_a_request_is_told(tmp_path: Path) -> None:
    policy = tmp_path / "p.json"
    policy.write_text(json.dumps(POLICY))
    asked = ("evaluate", "--policy", str(policy), "--action", "sqs:SendMessage", "--context", "aws:SecureTranspor=true")
    code, out, talk = remit(*asked)
    assert (code, out.startswith("Unknown")) == (1, True)
    assert talk == "note: no request has a key aws:SecureTranspor: did you mean aws:SecureTransport?\n"


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NO_WRITES = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]}


def asked_with(folder: Path, *options: str, action: str = "s3:GetObject") -> tuple[int, str, str]:
    """The answer with organization policies: `everything.json` and `no-writes.json` lie in the folder."""
    documents = {"role": EVERYTHING, "everything": EVERYTHING, "no-writes": NO_WRITES, "a=b": NO_WRITES}
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    policy = ("--policy", str(folder / "role.json"))
    named = (option.replace("@", f"{folder}/") for option in options)
    return remit("evaluate", *policy, "--action", action, "--complete", *named)


def test_scps_of_one_level_are_one_level_and_a_file_without_a_name_is_one_of_its_own(tmp_path: Path) -> None:
    full, narrow = "@everything.json", "@no-writes.json"
    code, out, _ = asked_with(tmp_path, "--scp", f"root={full}", "--scp", f"root={narrow}")
    assert (code, out.partition(":")[0]) == (0, "Allowed")
    code, out, _ = asked_with(tmp_path, "--scp", full, "--scp", narrow)
    assert (code, "no statement of SCP level 1 allows" in out) == (1, True)
    levels = ("--scp", full, "--scp", f"unit={full}", "--scp", f"a b={full}", "--scp", f"unit={narrow}", "--json")
    code, out, _ = asked_with(tmp_path, *levels, action="s3:PutObject")
    assert (code, json.loads(out)["because"].split(" ")[0]) == (1, "scp[1][1].Statement[0]")


def test_an_rcp_denies_and_needs_no_allow_beside_it(tmp_path: Path) -> None:
    code, out, _ = asked_with(tmp_path, "--rcp", "@no-writes.json")
    assert (code, out.partition(":")[0]) == (0, "Allowed")
    code, out, _ = asked_with(tmp_path, "--rcp", "unit=@no-writes.json", action="s3:PutObject")
    assert (code, out.startswith("ExplicitlyDenied: rcp[0][0].Statement[0] denies")) == (1, True)


def test_a_file_whose_name_has_an_equals_sign_is_no_level(tmp_path: Path) -> None:
    code, out, _ = asked_with(tmp_path, "--rcp", "@a=b.json", "--rcp", "l=@a=b.json", action="s3:PutObject")
    assert (code, out.startswith("ExplicitlyDenied: rcp[0][0].Statement[0]")) == (1, True)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("=@everything.json", "names no level: write LEVEL=FILE, or FILE alone"),
        ("root=@missing.json", "missing.json' does not exist"),
        ("root=", "File '' does not exist"),
    ],
)
def test_a_level_without_a_name_or_a_file_is_refused(tmp_path: Path, option: str, expected: str) -> None:
    code, _, talk = asked_with(tmp_path, "--scp", option)
    assert (code, expected in talk) == (2, True)


def test_a_function_of_a_template_is_spelled_as_its_author_wrote_it(tmp_path: Path) -> None:
    """In sentences: what is data, as the names that the answer depends on, stays as requests are asked with it."""
    late = '${{"Fn::ImportValue":"queue"}}'
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": late}
    broken = {**statement, "Effect": late}
    policies = [{"Version": "2012-10-17", "Statement": [part]} for part in (statement, broken)]
    request = {"action": "sqs:SendMessage", "resource": "arn:aws:sqs:eu-west-1:111122223333:q", "open": True}

    _, (answer, refusal), _ = answers(*(case(policies={"identity": policy}, request=request) for policy in policies))

    sentence = (
        "sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q depends on {!ImportValue queue}, which the request "
        "does not say, by identity[0].Statement[0]"
    )
    assert (answer["because"], answer["unknown"]) == (sentence, [late])
    assert refusal["error"] == "Statement[0].Effect '{!ImportValue queue}' is not valid: only 'Allow' and 'Deny' exist"

    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policies[0]))
    _, out, _ = remit(
        "evaluate", "--policy", str(file), "--action", request["action"], "--resource", request["resource"], "--json"
    )
    assert json.loads(out)["because"] == sentence


USER = "arn:aws:iam::111122223333:user/ann"


def allowing(action: str, *resources: str) -> list[dict[str, Any]]:
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
    return [{"Version": "2012-10-17", "Statement": [statement]}]


@pytest.mark.parametrize(
    ("layers", "action", "expected"),
    [
        ({"identity": allowing("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*")}, "s3:GetObject", "b/ann/*"),
        (
            {
                "identity": allowing("s3:GetObject", "arn:aws:s3:::b/*"),
                "boundary": allowing("s3:*", "arn:aws:s3:::*/x"),
            },
            "s3:GetObject",
            "b/*/x",
        ),
        ({"identity": allowing("s3:ListAllMyBuckets", "arn:aws:s3")}, "s3:ListAllMyBuckets", None),
    ],
    ids=["a variable", "what two layers have in common", "an ARN that leaves out parts"],
)
def test_the_patterns_are_those_on_which_the_request_is_allowed(
    layers: dict[str, Any], action: str, expected: str | None
) -> None:
    _, (answer,), _ = answers(case(policies=layers, request={"action": action, "principal": USER}))
    pattern = "arn:aws:s3" if expected is None else f"arn:aws:s3:::{expected}"
    assert (answer["verdict"], answer["allowed_on"][0]) == ("ImplicitlyDenied", pattern)


@pytest.mark.parametrize("element", ["Action", "NotAction"])
@pytest.mark.parametrize(
    "text", ["s3:${aws:PrincipalTag/verb}", "${aws:username}", "s3:${*}", "s3:Get${aws:x, 'Object'}*"]
)
def test_a_variable_in_an_action_is_plain_text(element: str, text: str) -> None:
    """IAM fills variables in resources and conditions alone."""
    statement = {
        "Effect": "Allow",
        element: text,
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    policies = {"identity": [{"Version": "2012-10-17", "Statement": [statement]}]}
    keys = {"aws:PrincipalTag/verb": "GetObject", "aws:username": "s3:GetObject", "aws:SecureTransport": True}
    request = {"action": "s3:GetObject", "context": keys}

    code, found, talk = answers(case(policies=policies, request=request), GOOD)

    assert (code, talk) == (0, "")
    verdict = "ImplicitlyDenied" if element == "Action" else "Allowed"
    assert [answer["verdict"] for answer in found] == [verdict, "Allowed"]


@pytest.mark.parametrize("kind", ["AWS", "Service", "Federated"])
def test_a_variable_in_a_principal_is_plain_text(kind: str) -> None:
    caller = "arn:aws:iam::111122223333:user/ann"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {kind: "${aws:PrincipalArn}"}}
    resource = {"Version": "2012-10-17", "Statement": [statement]}
    line = case(policies={"resource": [resource]}, request={"action": "s3:GetObject", "principal": caller})

    _, found, _ = answers(line)

    assert found[0]["verdict"] == "ImplicitlyDenied"


BAD_LINES = {
    "no JSON": b"{",
    "another value": b"5",
    "NUL": b"\\0",
    "NUL in a text": b'{"policies": {}, "request": {"action": "s3:Get\\\\u0000", "resource": "\\\\u0000"}}',
    "no UTF-8": b"\\xff\\xfe",
    "deep": b"[" * 100_000,
    "deep in a policy": b'{"policies": {"identity": ' + b"[" * 500 + b"]" * 500 + b'}, "request": {"action": "a:b"}}',
    "huge number": b'{"policies": {}, "request": {"action": "s3:GetObject", "context": {"a": 1' + b"0" * 6_000 + b"}}}",
    "infinite": b'{"policies": {}, "request": {"action": "s3:GetObject", "context": {"a": 1e999}}}',
    "half a character": b'{"id": "\\\\ud800", "policies": {}, "request": {"action": "s3:GetObject"}}',
    "late action": case(
        policies={"identity": [{**POLICY, "Statement": [{**POLICY["Statement"][1], "Action": "s3:${Verb}"}]}]}
    ),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_has_an_answer_and_so_has_the_next(bad: bytes) -> None:
    code, found, talk = answers(bad, GOOD)

    assert code in (0, 2)
    assert "bug in remit" not in talk
    assert [answer.get("verdict") for answer in found][1:] == ["Allowed"]
