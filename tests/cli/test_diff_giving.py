"""`remit diff` on a project whose own resources let others do something."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import APP, Project, write
from remit.review.record import Place, record, record_path
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from conftest import Make

ACCOUNT = {"AWS": "arn:aws:iam::444455556666:root"}
FUNCTION = f"{APP}@app.function()\ndef hello(event, context): ...\n"


def shared(principal: Any) -> str:
    """A queue, and its policy that lets someone send."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    return (
        "from remit import Shared, resource\n\n\nclass Data(Shared):\n"
        "    queue = resource('AWS::SQS::Queue')\n"
        f"    policy = resource('AWS::SQS::QueuePolicy', {{'Queues': [queue.ref], 'PolicyDocument': {{"
        f"'Version': '2012-10-17', 'Statement': [{statement}]}}}})\n"
    )


@pytest.fixture
def project(make: Make) -> Project:
    """A project that was deployed with a queue to which another account may send."""
    made = make(**{"app.py": FUNCTION, "shared/resources/data.py": shared(ACCOUNT)})
    deployed(made)
    return made


def deployed(project: Project) -> None:
    app = project.load()
    path = record_path(project.folder, app.namespace)
    text = record(version_of(app), app.stage, Place("111122223333", "eu-central-1"))
    write(project.folder, {str(path.relative_to(project.folder)): text})


def gained(project: Project) -> list[tuple[str, str, bool]]:
    pieces = json.loads(project.remit("diff", "--json").out)["gained"]
    return [(piece["role"], piece["allows"]["principal"], piece["public"]) for piece in pieces if "public" in piece]


def test_what_stays_is_not_told(project: Project) -> None:
    ran = project.remit("diff")
    assert (ran.status, ran.out) == (0, "The same access by roles, policies and doors: proven for every request.\n")


def test_a_queue_that_is_opened_to_everyone_is_public_now(project: Project) -> None:
    write(project.folder, {"shared/resources/data.py": shared("*")})
    assert gained(project) == [("DataPolicy", "*", True)]
    assert project.remit("diff").status == 1


def test_what_is_accepted_of_it_holds_for_that_change_alone(project: Project) -> None:
    write(project.folder, {"shared/resources/data.py": shared({"AWS": "arn:aws:iam::777788889999:root"})})
    assert project.remit("diff", "--accept", "our own billing account sends").status == 0
    assert project.remit("diff").status == 0
    write(project.folder, {"shared/resources/data.py": shared("*")})
    assert project.remit("diff").status == 1


def test_a_policy_that_goes_lets_nobody_in(project: Project) -> None:
    (project.folder / "shared/resources/data.py").unlink()
    assert (gained(project), project.remit("diff").status) == ([], 0)


def test_a_record_that_does_not_say_what_resources_give_tells_nothing(project: Project) -> None:
    (path,) = (project.folder / ".remit/deployed").iterdir()
    older = json.loads(path.read_text())
    del older["access"]
    path.write_text(json.dumps(older))
    write(project.folder, {"shared/resources/data.py": shared("*")})
    assert gained(project) == []


def test_before_the_first_deploy_nothing_is_given_to_anybody(make: Make) -> None:
    made = make(**{"app.py": FUNCTION, "shared/resources/data.py": shared("*")})
    assert gained(made) == [("DataPolicy", "*", True)]


def test_what_is_accepted_of_it_names_the_stack_and_no_stage(project: Project) -> None:
    namespace = project.load().namespace
    write(
        project.folder,
        {"shared/resources/data.py": shared({"AWS": f"arn:aws:iam::777788889999:role/{namespace}-sends"})},
    )
    assert project.remit("diff", "--accept", "billing sends").status == 0
    (agreed,) = json.loads((project.folder / "config/accepted.json").read_text())
    assert agreed["statement"]["Principal"] == {"AWS": "arn:aws:iam::777788889999:role/${AWS::StackName}-sends"}
    assert project.remit("diff").status == 0
