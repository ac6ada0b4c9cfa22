"""What lint is certain about stops a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Make


SHARED = "from remit import Shared, resource\n\n\nclass Data(Shared):\n"


def test_an_action_that_does_not_exist_stops_the_build_at_its_line(make: Make) -> None:
    source = "@app.function(policy=['s3:GetObjct'])\ndef a1(event, context): ...\n"
    ran = make(app=source).remit("build", "--no-package")
    assert 2 == ran.status
    assert "error: [R202] s3 has no action 'GetObjct': IAM accepts it, and it grants nothing\n" in ran.err
    assert ran.err.endswith(
        "hint: did you mean `s3:GetObject`?\n  or, if it is meant, write `# remit: allow R202 because …` at the line\n"
    )


def test_all_of_them_are_told_in_one_run(make: Make) -> None:
    policy = [f"s3:Wrong{number}" for number in range(14)]
    ran = make(app=f"@app.function(policy={policy})\ndef a1(event, context): ...\n").remit("build", "--no-package")
    assert (2, 14) == (ran.status, ran.err.count("error: [R202] "))


def test_a_reason_at_the_line_lets_it_pass(make: Make) -> None:
    source = "@app.function(policy=['s3:GetObjct'])  # remit: allow R202 because it is about to come\n"
    ran = make(app=source + "def a1(event, context): ...\n").remit("build", "--no-package")
    assert (0, "") == (ran.status, ran.err)


def test_a_shared_resource_that_looks_into_a_section_that_no_template_has_is_refused_at_its_line(make: Make) -> None:
    queue = 'queue = resource("AWS::SQS::Queue", queue_name={"Fn::If": ["IsProd", "a", "b"]})'
    source = f"from remit import Shared, resource\n\n\nclass Data(Shared):\n    {queue}\n"
    ran = make(**{"shared/resources/data.py": source}).remit("build", "--no-package")
    assert 2 == ran.status
    assert ran.err == (
        "error: `DataQueue` needs a section of Conditions, which the template does not have\n"
        "  --> shared/resources/data.py:5:13\n"
        "hint: decide it in Python, where `project.stage` is known\n"
    )


def test_a_slip_in_an_override_is_told_before_what_it_breaks(make: Make) -> None:
    config = "config.lambda_.iam.default_policy = ['logs', 'sqs:RecieveMessage', 'sqs:Get*', 'sqs:Delete*']"
    ran = make(config=config, app="@app.function(sqs('a'))\ndef a1(event, context): ...\n").remit(
        "build", "--no-package"
    )
    assert "error: [R202] sqs has no action 'RecieveMessage'" in ran.err
    assert "did you mean `sqs:ReceiveMessage`?" in ran.err


def test_a_variable_that_a_substitution_brings_along_is_no_resource(make: Make) -> None:
    named = '{"Fn::Sub": ["${Team}-orders", {"Team": "billing"}]}'
    source = f'{SHARED}    queue = resource("AWS::SQS::Queue", queue_name={named})\n'
    ran = make(**{"shared/resources/data.py": source}).remit("build", "--no-package")
    assert (0, "") == (ran.status, ran.err)


def test_what_such_a_variable_refers_to_must_be_in_the_template(make: Make) -> None:
    named = '{"Fn::Sub": ["${Team}-orders", {"Team": {"Ref": "Teem"}}]}'
    source = f'{SHARED}    queue = resource("AWS::SQS::Queue", queue_name={named})\n'
    ran = make(**{"shared/resources/data.py": source}).remit("build", "--no-package")
    assert "`DataQueue`: ${Teem} names no resource of the template" in ran.err
