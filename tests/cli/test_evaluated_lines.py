"""One request by options, and lines of requests: what is said of each, and of those that cannot be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

KEYS: Final = "arn:aws:s3:::b/k"


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `p.json` is a policy."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "p.json"


def write(policy: Path, **statement: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}],
    }
    policy.write_text(json.dumps(document))


def lines(*cases: Any) -> tuple[int, list[Any], str]:
    texts = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    ran = remit("evaluate", "-", stdin="\n".join(texts).encode())
    return ran.status, [json.loads(line) for line in ran.out.splitlines()], ran.err


ALLOW: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def case(request: Any, policies: Any = None, **more: Any) -> dict[str, Any]:
    return {"policies": {"identity": ALLOW} if policies is None else policies, "request": request, **more}


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (["b"], "Allowed"),
        (["a", "b"], "ImplicitlyDenied"),
        (["b", "a"], "ImplicitlyDenied"),
        (["a"], "ImplicitlyDenied"),
    ],
)
def test_a_key_that_is_given_again_has_several_values(policy: Path, values: list[str], verdict: str) -> None:
    write(policy, Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["b"]}})
    given_ = [part for value in values for part in ("--context", f"aws:TagKeys={value}")]

    ran = remit("evaluate", "--policy", "p.json", "--action", "s3:GetObject", *given_, "--complete", "--json")

    assert json.loads(ran.out)["verdict"] == verdict


@pytest.mark.parametrize("text", ["=x", "aws:TagKeys", ""])
def test_a_context_has_a_key_and_a_value(policy: Path, text: str) -> None:
    write(policy)

    ran = remit("evaluate", "--policy", "p.json", "--action", "s3:GetObject", "--context", text)

    assert (ran.status, "is not KEY=VALUE" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ("--action s3:GetObjct", "the catalogue knows no action s3:GetObjct: did you mean s3:GetObject"),
        ("--action s3:GetObj*", None),
        ("--action s3:GetObject --resource bucket/k", "the resource bucket/k is not an ARN"),
        ("--action s3:GetObject --resource *", None),
        (
            "--action s3:GetObject --context aws:PrincipalTags/team=a",
            "no request has a key aws:PrincipalTags/team: did you mean aws:PrincipalTag/NAME?",
        ),
        ("--action s3:GetObject --context aws:sourceip=192.0.2.1", None),
        (
            "--action s3:GetObject --context aws:SourcIp=192.0.2.1",
            "no request has a key aws:SourcIp: did you mean aws:SourceIp?",
        ),
        ("--action s3:GetObject --context s3:prefx=a", None),
    ],
)
def test_a_slip_of_who_types_a_request_is_noted(policy: Path, arguments: str, note: str | None) -> None:
    write(policy)

    ran = remit("evaluate", "--policy", "p.json", *arguments.split())

    assert ("note: " in ran.err) == (note is not None), ran.err
    assert (note or "") in ran.err


@pytest.mark.parametrize("option", ["policy", "boundary", "session-policy", "resource-policy"])
def test_a_principal_means_something_in_the_policy_of_a_resource_alone(policy: Path, option: str) -> None:
    write(policy, Principal="*")

    ran = remit("evaluate", f"--{option}", "p.json", "--action", "s3:GetObject")

    assert (f"a Principal means nothing in --{option}" in ran.err) == (option != "resource-policy")


@pytest.mark.parametrize(("account", "status"), [("111122223333", 0), ("444455556666", 1)])
def test_in_another_account_the_own_policy_is_not_enough(policy: Path, account: str, status: int) -> None:
    write(policy)
    principal = "arn:aws:iam::111122223333:role/r"

    ran = remit(
        "evaluate",
        "--policy",
        "p.json",
        "--action",
        "s3:GetObject",
        "--resource",
        KEYS,
        "--principal",
        principal,
        "--resource-account",
        account,
        "--complete",
    )

    assert ran.status == status, ran.out


def test_what_nearly_allows_a_request_is_told_once(policy: Path) -> None:
    """The reason has the first statement, and the others are near as well."""
    statements = [
        {"Sid": f"S{n}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::other{n}/*"}
        for n in range(3)
    ]
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))

    ran = remit("evaluate", "--policy", "p.json", "--action", "s3:GetObject", "--resource", KEYS, "--complete")

    first, *others = ran.out.splitlines()
    assert first.startswith("ImplicitlyDenied: ")
    assert [line for line in others if line.startswith("  also near: ")] == others
    assert all(line.removeprefix("  also near: ") not in first for line in others)
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"action": True}, "request.action must be a string, got true"),
        ({"action": "s3:GetObject", "principal": 5}, "request.principal must be a string, got 5"),
        ({"action": "s3:GetObject", "resource": 1}, "request.resource must be a string, got 1"),
        ({"action": "s3:GetObject", "context": []}, "request.context must be an object, got []"),
        (
            {"action": "s3:GetObject", "context": {"a": [None]}},
            "request.context.a must be a string, a number, true, false, or a list of them, got [null]",
        ),
        ({"action": "s3:GetObject", "context": {"a": {}}}, "request.context.a must be a string"),
        ({"action": "s3:GetObject", "open": ["a", 1]}, "request.open.1 must be a string, got 1"),
        ({"action": "GetObject"}, "'GetObject' is not an action"),
        ({"acton": "s3:GetObject"}, "request has no key 'acton'"),
        ({}, "the request has no 'action'"),
        ([], "request must be an object, got []"),
    ],
)
def test_a_request_of_another_shape_is_told_at_its_place(request_: Any, words: str) -> None:
    status, (answer, good), err = lines(case(request_, id="x"), case({"action": "s3:GetObject"}, id="y"))

    assert (status, answer["id"], good["verdict"]) == (2, "x", "Allowed")
    assert words in answer["error"]
    assert words in err
    assert answer["line"] == 1


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ({"identity": 5}, "identity must be a policy or a list of policies"),
        ({"identity": [ALLOW, 5]}, "policy document must be a dict, got int '5'"),
        ({"scp": ALLOW}, "scp must be a list of levels"),
        ({"rcp": ALLOW}, "rcp must be a list of levels"),
        ({"scp": [[ALLOW], 5]}, "scp[1] must be a policy or a list of policies"),
        ({"endpoint_type": "gateway"}, "endpoint_type must be one of Gateway, Interface"),
        ({"identiy": ALLOW}, "policies has no key 'identiy'"),
    ],
)
def test_policies_of_another_shape_are_told(policies: Any, words: str) -> None:
    status, (answer,), _ = lines(case({"action": "s3:GetObject"}, policies))

    assert (status, words in answer["error"]) == (2, True), answer


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        ({"action": "s3:GetObject", "resource": None}, "Allowed"),
        ({"action": "s3:GetObject", "resource": ""}, "Allowed"),
        ({"action": "s3:GetObject", "context": None, "open": None, "principal": None}, "Allowed"),
        ({"action": "s3:GetObject", "context": {"a": None, "b": [1, True, 2.5]}}, "Allowed"),
        ({"action": "s3:PutObject", "further": 1}, "ImplicitlyDenied"),
    ],
)
def test_what_a_request_leaves_out_is_as_if_it_were_not_there(request_: Any, verdict: str) -> None:
    status, (answer,), _ = lines(case(request_))

    assert (status, answer["verdict"]) == (0, verdict)


LIMITED: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
        }
    ],
}


@pytest.mark.parametrize(
    ("opened", "verdict"),
    [
        (None, "ImplicitlyDenied"),
        (True, "Unknown"),
        (["aws:SourceVpc"], "Unknown"),
        (["aws:SourceIp"], "ImplicitlyDenied"),
        ([], "ImplicitlyDenied"),
        (False, "ImplicitlyDenied"),
    ],
)
def test_keys_that_are_not_given_are_absent_unless_they_are_open(opened: Any, verdict: str) -> None:
    _, (answer,), _ = lines(case({"action": "s3:GetObject", "open": opened}, {"identity": LIMITED}))

    assert answer["verdict"] == verdict
    assert answer.get("unknown") == (["aws:SourceVpc"] if verdict == "Unknown" else None)


def test_empty_lines_count_and_have_no_answer_and_a_policy_of_a_level_counts_with_its_level() -> None:
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    full = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    levels = [[[full], [full]], [[full], []], [[full, deny]]]
    texts = [
        "",
        "\ufeff",
        *(json.dumps(case({"action": "s3:GetObject"}, {"identity": ALLOW, "scp": level})) for level in levels),
        "  \t",
        "{",
    ]

    status, answers, _ = lines(*texts)

    assert [answer.get("verdict") for answer in answers] == ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied", None]
    assert (status, answers[-1]["line"]) == (2, 7)


def test_a_file_of_another_kind_is_left_after_a_thousand_lines_and_one_good_line_makes_it_lines() -> None:
    bad = ["x"] * 1000
    status, answers, err = lines(*bad, json.dumps(case({"action": "s3:GetObject"})))
    assert (status, len(answers)) == (2, 1000)
    assert "none of the first 1,000 can be read" in err

    status, answers, err = lines(json.dumps(case({"action": "s3:GetObject"})), *bad, "x")
    assert (status, len(answers)) == (2, 1002)
    shown = err.count("error: ") - 1
    assert f"error: {1001 - shown:,} more lines cannot be read" in err


def arns(count: int) -> list[str]:
    return [f"arn:aws:s3:::bucket-{number:03}-{'x' * 30}/*" for number in range(count)]


@pytest.mark.parametrize(
    ("options", "status", "parts", "rooms"),
    [
        ("--for user", 1, 1, ["of 2,048 characters of all inline policies of a user"]),
        ("--for user --split", 0, 2, ["1: ", "2: "]),
        ("--for managed", 0, 1, ["of 6,144 characters of a managed policy"]),
        ("--for session --split", 2, 0, []),
        (
            "",
            0,
            1,
            ["of 6,144 characters of a managed policy", "of 10,240 characters of all inline policies of a role"],
        ),
        ("--limit 2000", 0, 2, []),
        (
            "--split",
            0,
            1,
            ["of 6,144 characters of a managed policy", "of 10,240 characters of all inline policies of a role"],
        ),
    ],
)
def test_a_policy_is_parted_where_it_does_not_fit(
    policy: Path, options: str, status: int, parts: int, rooms: list[str]
) -> None:
    write(policy, Resource=arns(50))

    ran = remit("minimise", "p.json", *options.split())

    assert ran.status == status, ran.err
    printed = json.loads(ran.out) if ran.out else []
    documents = printed if isinstance(printed, list) else [printed]
    assert len(documents) == parts
    assert sorted(
        arn
        for one in documents
        for statement in ([one["Statement"]] if isinstance(one["Statement"], dict) else one["Statement"])
        for arn in statement["Resource"]
    ) == (sorted(arns(50)) if parts else [])
    assert [line for line in ran.err.splitlines() if " characters of " in line] == [
        line for line in ran.err.splitlines() if any(room in line for room in rooms)
    ]
    assert len([line for line in ran.err.splitlines() if " characters of " in line]) == len(rooms)
    assert ("do not fit" in ran.err) == (status == 1)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            [{**ALLOW, "Version": "2008-10-17"}, ALLOW],
            "holds policies of different versions, 2008-10-17 and 2012-10-17",
        ),
        ({"identity": [ALLOW], "boundary": ALLOW}, "holds more than policies that are attached together"),
        ({"boundary": ALLOW}, "holds more than policies that are attached together"),
    ],
)
def test_policies_that_cannot_be_one_are_refused(policy: Path, document: Any, words: str) -> None:
    policy.write_text(json.dumps(document))

    ran = remit("minimise", "p.json")

    assert (ran.status, words in ran.err) == (2, True), ran.err


def test_of_policies_that_become_one_a_sid_stands_once(policy: Path) -> None:
    def one(action: str, resource: str) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "Own", "Effect": "Allow", "Action": action, "Resource": resource}],
        }

    policy.write_text(
        json.dumps([one("s3:GetObject", "arn:aws:s3:::a/*"), one("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q")])
    )

    ran = remit("minimise", "p.json")

    sids = [statement.get("Sid") for statement in json.loads(ran.out)["Statement"]]
    assert (ran.status, sids.count("Own") <= 1, len(sids)) == (0, True, 2)


def test_a_policy_that_is_as_short_as_it_can_be_stays_as_it_is_written(policy: Path) -> None:
    write(policy, Action=["s3:PutObject", "s3:GetObject"])

    assert json.loads(remit("minimise", "p.json").out) == json.loads(policy.read_text())


@pytest.mark.parametrize("kind", ["scp", "rcp"])
def test_a_control_policy_of_denials_alone_stands_beside_one_that_allows_all(policy: Path, kind: str) -> None:
    write(policy, Effect="Deny", Action="s3:PutObject", **({"Principal": "*"} if kind == "rcp" else {}))

    asked = [
        remit("explain", "p.json", action, KEYS, "--kind", kind).status for action in ("s3:GetObject", "s3:PutObject")
    ]

    assert asked == [0, 1]
