"""Nouns of an app, holders of policies and errors: each word that is made of their parts, all at once."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit import errors
from remit.app import (
    ApiSettings,
    App,
    ExistingValue,
    Function,
    Grant,
    JobQueue,
    LayerCode,
    Publication,
    Reason,
    Resource,
    StoredValue,
    WebApp,
    Workflow,
    in_stack,
)
from remit.build import _elsewhere, _mistakes_of, grant_document, role_document, text, write
from remit.did_you_mean import MISSPELT, did_you_mean, nearest, nearest_names
from remit.errors import (
    Mistakes,
    Origin,
    RemitError,
    Span,
    UnreadError,
    described,
    few,
    judging,
    spelled,
    stop_code,
    writer,
)
from remit.holders import HeldPolicy, Holder, bounded, by_arn, inline, trusting
from remit.iam.comparison import StatementLocation
from remit.iam.decide.endpoint import VpcEndpoint
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.lint.finding import Finding

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (Reason("computed", "writes its logs", ("a",)), "a writes its logs"),
        (Reason("computed", "writes its logs", ("a",), "no way around"), "a writes its logs (no way around)"),
        (Reason("computed", "writes its logs", ("a", "b"), "of all"), "each of a, b writes its logs (of all)"),
        (Reason("setting", "'sqs:*'", ("policy",)), "'sqs:*' in config.lambda_.iam.policy, for every function"),
        (Reason("setting", "", ("policies",)), "in config.lambda_.iam.policies, for every function"),
        (Reason("resource", "x", ("Orders",)), "shared resource Orders"),
        (Reason("resource", "", ("Orders",), "", ("if IsProd",)), "shared resource Orders, if IsProd"),
        (Reason("policy", "x", ("Orders",), "", ("if IsProd", "unless B")), "x, if IsProd and unless B"),
        (Reason("text", "x", ("Orders",), "why"), "x (why)"),
        (Reason("text", "", (), "why"), "why"),
        (Reason("text", "", (), "why", ("if A",)), "if A (why)"),
        (Reason("function", "'logs'", ("a",)), "'logs' declared for function a"),
        (Reason("function", "", ("a", "b")), "declared for functions a, b"),
        (Reason("group", "", ("a", "b", "c", "d", "e", "f", "g")), "declared for groups a, b, c, d, e and 2 more"),
        (Reason("job", "'x'", ("a", "b", "c", "d", "e", "f")), "'x' declared for jobs a, b, c, d, e, f"),
    ],
)
def test_a_reason_is_one_sentence(reason: Reason, sentence: str) -> None:
    assert (reason.sentence, Grant(allow("a:B"), reason).because) == (sentence, sentence)


FUNCTION = Function("one", "One", "app.one", {"Layers": ["a", 1]}, origin=Origin("app.py", 3))
WORDS = (
    "layers", "arn", "resource_id", "unqualified_arn", "ref", "invocation_uri", "source_arn", "listed_as", "start",
    "log_group_arn", "log_group_id", "log_group_name", "handler_origin", "physical_name",
)  # fmt: skip


def words(function: Function) -> dict[str, Any]:
    return {name: getattr(function, name) for name in WORDS}


def test_a_function_is_called_by_its_own_names_where_it_has_some() -> None:
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/%s/invocations"
    plain = {
        "layers": ("a", "1"),
        "arn": "${OneFunction.Arn}",
        "resource_id": "OneFunction",
        "unqualified_arn": "${OneFunction.Arn}",
        "ref": "${OneFunction}",
        "invocation_uri": uri % "${OneFunction.Arn}",
        "source_arn": ARN % ("lambda", "function:${AWS::StackName}-one"),
        "listed_as": "one",
        "start": "lambda:InvokeFunction",
        "log_group_arn": "${OneLogGroup.Arn}",
        "log_group_id": "OneLogGroup",
        "log_group_name": "/aws/lambda/${AWS::StackName}-one",
        "handler_origin": Origin("app.py", 3),
        "physical_name": "${AWS::StackName}-one",
    }
    assert words(FUNCTION) == plain
    own = replace(
        FUNCTION,
        properties={"Layers": {"Ref": "A"}},
        publication=Publication("live"),
        own_id="Mine",
        function_name="shop-one",
        log_group="Logs",
        written={"Handler": Origin("app.py", 4)},
    )
    assert words(own) == plain | {
        "layers": ("{'Ref': 'A'}",),
        "arn": "${OneAlias}",
        "resource_id": "Mine",
        "unqualified_arn": "${Mine.Arn}",
        "ref": "${OneAlias}",
        "invocation_uri": uri % "${OneAlias}",
        "source_arn": ARN % ("lambda", "function:shop-one"),
        "log_group_arn": "${Logs.Arn}",
        "log_group_id": "Logs",
        "log_group_name": "/aws/lambda/shop-one",
        "handler_origin": Origin("app.py", 4),
        "physical_name": "shop-one",
    }
    sharing = replace(FUNCTION, properties={}, shares_log_group=True)
    assert words(sharing) == plain | {
        "layers": (),
        "log_group_arn": ARN % ("logs", "log-group:${FunctionsLogGroup}:log-stream:*/${AWS::StackName}-one[*"),
        "log_group_id": "FunctionsLogGroup",
        "log_group_name": "/lambda/${AWS::StackName}",
    }
    assert replace(sharing, log_group="Logs").log_group_id == "Logs"
    assert FUNCTION.computed("writes", "note") == Reason("computed", "writes", ("one",), "note")


def test_other_nouns_are_called_by_what_they_hold() -> None:
    workflow = Workflow("nightly", "Nightly", physical_name="${AWS::StackName}-nightly")
    queue = JobQueue("mail.fifo", 1, 2)
    assert [
        (workflow.listed_as, workflow.role_id, workflow.arn, workflow.start),
        (queue.is_fifo, queue.worker, JobQueue("fifo", 1, 2).is_fifo),
        StoredValue("secretsmanager", "${Db}", "x", own=True).called,
        StoredValue("ssm", "${Db}", "x").called,
        ExistingValue("P", "parameter", "/shop/subnets").called,
        ExistingValue("P", "subnets", "prod").called,
        ExistingValue("P", "security group", "prod", "web").called,
        (Resource("A", "T", {}).ref, Resource("A", "T", {}).attribute("Arn")),
        (WebApp("shop.main:api.app").module, WebApp("shop.main:api.app").attribute),
        (LayerCode("L", "lib").words, LayerCode("L", "lib").ref),
        LayerCode("L", "", "python3.13", "arm64").words,
        LayerCode("L", "lib", "python3.13", "x86_64").words,
    ] == [
        ("Nightly", "NightlyRole", "${Nightly}", "states:StartExecution"),
        (True, "worker-mail-fifo", False),
        "secret Db",
        "parameter ${Db}",
        "parameter /shop/subnets",
        "private subnets of VPC prod",
        "security group web of VPC prod",
        ("${A}", "${A.Arn}"),
        ("shop.main", "api.app"),
        ("lib", "${L}"),
        "dependencies for Python 3.13 on arm64",
        "lib dependencies for Python 3.13 on x86_64",
    ]
    assert workflow.computed("calls it", "n") == Reason("computed", "calls it", ("workflow nightly",), "n")
    limits = [
        ApiSettings(throttling_burst_limit=0, throttling_rate_limit=2.5), ApiSettings(throttling_rate_limit=1),
        ApiSettings(),
    ]  # fmt: skip
    assert [settings.route_settings for settings in limits] == [
        {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 2.5}, {"ThrottlingRateLimit": 1}, {},
    ]  # fmt: skip


def test_an_app_knows_its_functions_by_their_names_in_the_account() -> None:
    functions = (
        replace(FUNCTION, code="b"), replace(FUNCTION, name="two", code="a"), replace(FUNCTION, name="three", code="b"),
        replace(FUNCTION, name="four", function_name="shop-dev-two"),
    )  # fmt: skip
    workflow = Workflow("nightly", "Nightly", physical_name="${AWS::StackName}-nightly")
    app = App("shop", "dev", functions, (workflow,))
    named = replace(app, stack_name="own")
    assert (app.owner, app.namespace, named.owner, named.namespace) == ("shop-dev", "shop-dev", "shop-dev", "own")
    assert app.code_roots == ("b", "a", "")
    assert app.triggered == (*functions, workflow)
    assert [named.deployed_name(item) for item in named.triggered] == [
        "own-one", "own-two", "own-three", "shop-dev-two", "own-nightly",
    ]  # fmt: skip
    assert app.function_deployed_as("shop-dev-two") == functions[1]
    assert named.function_deployed_as("shop-dev-two") == functions[3]
    assert named.function_deployed_as("two") is None
    assert in_stack("${AWS::StackName}-${A}-${AWS::StackName}", "x") == "x-${A}-x"


# Holders of policies


def policy(sid: str) -> Policy:
    return Policy((allow("a:B", sid=sid),))


GRANTS = tuple(Grant(allow("a:B", sid=sid), Reason("text", sid), Origin("app.py", 1, 2)) for sid in ("x", "y"))
HOLDER = Holder(
    "Role",
    (
        HeldPolicy("gone", "inline"),
        HeldPolicy("unread", "managed"),
        HeldPolicy("arn:read", "managed", policy("read")),
        inline(GRANTS),
        HeldPolicy("arn:made", "made", policy("made"), (GRANTS[1],)),
        HeldPolicy("queue", "beside", policy("beside")),
    ),
    limits=(
        HeldPolicy("unknown", "scp"),
        HeldPolicy("root", "scp", policy("scp1")),
        HeldPolicy("unit", "scp", policy("scp2")),
        HeldPolicy("resources", "rcp", policy("rcp")),
        HeldPolicy("arn:limit", "boundary", policy("boundary")),
        HeldPolicy("arn:second", "boundary"),
    ),
    endpoint=VpcEndpoint((policy("endpoint"),), "interface"),
)


def test_a_holder_tells_its_policies_by_how_it_holds_them() -> None:
    assert HOLDER.grants == (*GRANTS, GRANTS[1])
    assert (HOLDER.managed, HOLDER.unread, HOLDER.attached) == (
        ("unread", "arn:read"), ("unread",), ("unread", "arn:read", "arn:made"),
    )  # fmt: skip
    assert HOLDER.inline == {"remit": Policy(tuple(grant.statement for grant in GRANTS))}
    assert [HOLDER.is_inline_known, replace(HOLDER, policies=HOLDER.policies[1:]).is_inline_known] == [False, True]
    assert (HOLDER.boundary, HOLDER.unread_boundary) == ("arn:limit", "arn:second")
    assert (Holder("A").boundary, Holder("A").unread_boundary) == (None, None)
    assert (bounded(None), bounded("arn:b")) == ((), (HeldPolicy("arn:b", "boundary"),))
    assert by_arn(["a", "b"]) == (HeldPolicy("a", "managed"), HeldPolicy("b", "managed"))
    assert inline(GRANTS[:1], "own").name == "own"


def test_the_layers_of_a_holder_are_what_is_known_of_each_in_order() -> None:
    own = HOLDER.policies[3].document
    assert own is not None
    assert HOLDER.layers == Layers(
        (policy("read"), own, policy("made")),
        (policy("boundary"),),
        scp=((policy("scp1"),), (policy("scp2"),)),
        rcp=((policy("rcp"),),),
        endpoint=(policy("endpoint"),),
        endpoint_type="interface",
    )
    queue = Holder("Queue", (inline(GRANTS), HeldPolicy("q", "resource", policy("q"))))
    assert queue.layers == Layers((), resource=(policy("q"),))
    assert Holder("A", (inline([]),)).layers == Layers((Policy(()),))


def test_a_statement_of_a_layer_is_of_a_policy_and_a_grant() -> None:
    def at(layer: str, number: int, index: int = 0) -> tuple[str | None, Grant | None]:
        place = StatementLocation(layer, number, index, allow("a:B"))
        return HOLDER.policy(place), HOLDER.grant(place)

    assert [
        at("identity", 0), at("identity", 1, 0), at("identity", 1, 1), at("identity", 1, 2), at("identity", 2),
        at("identity", 3), at("boundary", 0), at("boundary", 1), at("resource", 0), at("scp[0]", 0),
    ] == [
        ("arn:read", None), (None, GRANTS[0]), (None, GRANTS[1]), (None, None), (None, GRANTS[1]),
        (None, None), ("arn:limit", None), (None, None), (None, None), (None, None),
    ]  # fmt: skip


def test_a_holder_is_shown_by_its_kind_and_what_runs_under_it() -> None:
    kinds = [replace(HOLDER, kind=kind).title for kind in ("role", "policy", "user", "group", "managed policy")]  # type: ignore[arg-type]
    assert kinds == ["Role", "Role", "user Role", "group Role", "managed policy Role"]
    assert (HOLDER.serves, replace(HOLDER, functions=("f",)).serves) == (("lambda.amazonaws.com",), ("f",))
    when = Condition("StringEquals", "aws:SourceAccount", ("1",))
    principals = Principals((("Service", "a"), ("Service", "b")))
    assert trusting(("a", "b"), when) == Policy(
        (Statement("Allow", Globs(("sts:AssumeRole",)), principals=principals, conditions=(when,)),)
    )
    assert trusting(()) == Policy(())
    assert HOLDER.trust_policy == trusting(("lambda.amazonaws.com",))
    assert replace(HOLDER, trusts=("a", "b")).trust_policy == trusting(("a", "b"))
    assert replace(HOLDER, trust=policy("t")).trust_policy == policy("t")
    changed = HOLDER.with_grants(lambda grant: replace(grant, origin=None))
    assert [grant.origin for grant in changed.grants] == [None] * 3
    assert [held.document for held in changed.policies] == [held.document for held in HOLDER.policies]


def test_a_role_is_written_for_programs_with_each_statement_its_reason_and_its_line() -> None:
    grant = replace(GRANTS[0], stands_for=(replace(GRANTS[1], origin=None),))
    stood_for = {
        "statement": {"Sid": "y", "Effect": "Allow", "Action": "a:B", "Resource": "*"},
        "because": "y", "file": None, "line": None, "column": None,
    }  # fmt: skip
    written = {
        "statement": {"Sid": "x", "Effect": "Allow", "Action": "a:B", "Resource": "*"},
        "because": "x", "file": "app.py", "line": 1, "column": 2, "stands_for": [stood_for],
    }  # fmt: skip
    assert grant_document(grant) == written
    role = Holder("Role", (inline([grant]), *by_arn(["arn:m"])), ("one", "two"), bounded("arn:b"))
    assert role_document(role) == {
        "role": "Role",
        "functions": ["one", "two"],
        "managed_policies": ["arn:m"],
        "permissions_boundary": "arn:b",
        "grants": [written],
    }
    parted = (inline([grant, GRANTS[1]]), replace(inline([GRANTS[1]], "RolePolicy1"), how="made"))
    assert {"inline": 2, "RolePolicy1": 1} == role_document(Holder("Role", parted, ("one",)))["policies"]
    assert text({"b": "é", "a": []}) == '{\n  "b": "\\u00e9",\n  "a": []\n}\n'


# Errors


def test_an_error_reads_as_its_parts_and_so_do_those_found_with_it() -> None:
    further = RemitError("second <f at 0x7f00>", hint="h at 0x1f", rule="R101")
    error = RemitError("first", origin=Origin("a.py", 1, 2), hint="do", further=(further,))
    assert str(error) == "error: first\n  --> a.py:1:2\nhint: do\n\nerror: [R101] second <f>\nhint: h"
    assert (error.all, error.exit_code, str(UnreadError())) == (
        (error, further),
        2,
        "error: a value that failed was read",
    )
    origins = (Origin("a"), Origin("a", 1), Origin("a", 1, 2), Origin("a", 0, 2))
    assert [str(origin) for origin in origins] == ["a", "a:1", "a:1:2", "a:2"]
    assert Span("a", 3, 4, 3, 9).origin == Origin("a", 3, 5)
    assert spelled(("a", 0, "b", 1, 2, "c")) == "a[0].b[1][2].c"
    assert (spelled(()), spelled((0, "a"))) == ("", "[0].a")
    stops = [SystemExit(15), KeyboardInterrupt(), KeyboardInterrupt("x"), SystemExit(0)]
    assert [stop_code(stop) for stop in stops] == [143, 130, 130, 128]


def test_mistakes_are_gathered_sorted_and_told_once() -> None:
    mistakes = Mistakes()
    mistakes.refuse()
    with mistakes.noted():
        raise RemitError("b", origin=Origin("b.py", 2), exit_code=3, further=(UnreadError(), RemitError("none")))
    mistakes.add("a", hint="h", origin=Origin("a.py", 9))
    mistakes.add("a", hint="h", origin=Origin("a.py", 9))
    assert (mistakes.is_unread, [error.message for error in mistakes.errors]) == (True, ["b", "none", "a", "a"])
    with pytest.raises(RemitError) as caught:
        mistakes.refuse()
    found = [(error.message, error.hint, error.origin, error.exit_code) for error in caught.value.all]
    assert found == [
        ("none", None, None, 2), ("a", "h", Origin("a.py", 9), 2), ("b", None, Origin("b.py", 2), 3),
    ]  # fmt: skip
    assert [error.further for error in caught.value.further] == [(), ()]  # each once, below the first
    unread = Mistakes()
    with unread.noted():
        raise UnreadError
    assert (unread.errors, unread.is_unread) == ([], True)
    with pytest.raises(UnreadError):
        unread.refuse()
    with pytest.raises(ValueError, match="passes"), unread.noted():
        raise ValueError("passes")
    alike = Mistakes([RemitError("x", exit_code=3), RemitError("y", exit_code=3)])
    different = Mistakes([RemitError("x", exit_code=3), RemitError("y", exit_code=4)])
    assert (alike.together().exit_code, different.together().exit_code) == (3, 2)


def test_values_and_many_names_are_shown_in_short() -> None:
    class Own:
        pass

    class Shown:
        def __repr__(self) -> str:
            return "s" * 50

    class Told:
        def __str__(self) -> str:
            return "told"

    assert described(Told()) == "Told 'told'"
    values = [None, 3, "a'b", "x" * 41, Own(), Own, Shown(), len, [1], True]
    assert [described(value) for value in values] == [
        "None", "int '3'", 'str "a\'b"', f"str '{'x' * 40}'", "an object of Own",
        f"type {str(Own)[:40]!r}", f"Shown '{'s' * 40}'", "builtin_function_or_method 'len'", "list '[1]'",
        "bool 'True'",
    ]  # fmt: skip
    assert [few([*"abcdefg"[:count]]) for count in (0, 1, 6, 7)] == [
        "", "a", "a, b, c, d, e, f", "a, b, c, d, e and 2 more",
    ]  # fmt: skip
    assert few(["a"] * 2_000).endswith(" and 1,995 more")


def test_the_line_that_is_judged_is_the_writer_while_it_is_judged() -> None:
    with judging(Origin("a.py", 1)):
        with judging(Origin("b.py", 2)):
            assert writer() == Origin("b.py", 2)
        assert writer() == Origin("a.py", 1)
    here, below = (writer(),
             writer())  # fmt: skip
    assert (Path(here.file).name, below.line - here.line, here.column, below.column) == (
        Path(__file__).name, 1, 20, 14,
    )  # fmt: skip


def test_findings_become_mistakes_of_which_the_first_says_how_to_accept_it() -> None:
    findings = [
        Finding("R101", "one", "error", "first", "do", Origin("x.py", 1, 2)),
        Finding("R102", "two", "error", "second", None, Origin("x.py", 3, 4)),
    ]
    mistakes = _mistakes_of(findings)
    accepting = "\n  or, if it is meant, write `# remit: allow R101 because …` at the line"
    assert [(one.message, one.hint, one.origin, one.rule) for one in mistakes] == [
        ("first", f"do{accepting}", Origin("x.py", 1, 2), "R101"),
        ("second", "`remit lint --explain R102` tells the rule", Origin("x.py", 3, 4), "R102"),
    ]
    nowhere = RemitError("nowhere")
    told = Mistakes([mistakes[0], nowhere])
    assert _elsewhere([*mistakes, nowhere], told) == (mistakes[1], nowhere)


def test_a_file_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    write(path, "é\n")
    write(path, "x\n")
    assert path.read_bytes() == b"x\n"
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600
    assert [*path.parent.iterdir()] == [path]
    with pytest.raises(RemitError) as caught:
        write(path / "c", "x", "make room")
    assert (caught.value.message.rpartition(": ")[0], caught.value.hint) == (f"cannot write {path / 'c'}", "make room")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(RemitError) as caught:
        write(folder, "x")
    assert (caught.value.message.rpartition(": ")[0], caught.value.hint) == (f"cannot write {folder}", None)
    assert sorted(tmp_path.iterdir()) == [path.parent, folder]


def test_names_are_near_by_their_letters_in_any_case() -> None:
    assert nearest_names("ABC", ["abd", "acb", "xyz", "bca"]) == ["acb", "bca", "abd"]
    assert nearest_names("ab", ["ac", "cd"]) == ["ac"]
    assert nearest_names("a", ["b"]) == []
    assert len(nearest_names("name", [f"name{number}" for number in range(20)])) == 8
    assert nearest("polcy", ["policy", "police"]) == "policy"
    assert [nearest("plcyx", ["policy"], likeness) for likeness in (0.6, MISSPELT)] == ["policy", None]
    assert (did_you_mean("Polcy", ["policy"]), did_you_mean("zzz", ["policy"])) == ("did you mean `policy`?", None)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (errors.__file__, True),
        (functools.__file__, True),
        ("<string>", True),
        ("<frozen importlib._bootstrap>", True),
        ("<stdin>", False),
        ("app.py", False),
    ],
)
def test_code_of_remit_of_the_library_or_of_no_file_is_nobodys(file: str, *, expected: bool) -> None:
    found: dict[str, Any] = {}
    exec(compile("import sys\nframe = sys._getframe()", file, "exec"), found)  # noqa: S102 - a frame of that file
    assert errors.is_nobodys_code(found["frame"]) is expected
