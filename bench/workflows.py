"""Compare what is computed of published state machines with the roles of their authors, and try each access.

    python bench/workflows.py FOLDER [COUNT]

FOLDER has the repositories of `REPOSITORIES` with these commits, as `OWNER+NAME/repo`: a clone or its git directory. Of
their machines whose template makes the role, COUNT (40) are drawn. Each difference is printed with its class. Then each
Task runs on the AWS of this machine under what is computed of it, and under that without each access.
"""

from __future__ import annotations

import json
import posixpath
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.access.needed_access import UNRESOLVED
from remit.access.setting import RequestSetting
from remit.documents.read import read
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import is_pattern
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.roles.machine_roles import ComparedRole, UnneededAccess, compared_roles
from remit.template.roles import template_roles
from remit.workflows.definition import states, substituted
from remit.workflows.stand_ins import StandIns
from remit.workflows.state_access import FOLLOWING, StateAccess, accesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORIES = {
    "aws-samples/serverless-patterns": "fb7b5d06c27d8abb1bd35e52ab7523acf4baab7b",
    "aws-samples/step-functions-workflows-collection": "83bbec48d8f065de3dbcb4c5d8fe0e58a0479334",
}
SEED, COUNT = 20261201, 40
ACCOUNT = re.compile(r":\d{12}:")
OF_SETTINGS = ("logs", "xray", "cloudwatch")
LACKING: dict[str, Callable[[StateAccess], bool]] = {
    "what only the input names, and no statement is about it": lambda access: UNRESOLVED in access.resource,
    "the end of a job, to see or to cause it": lambda access: access.doing.startswith("waits"),
    "an ARN of an account that the definition spells out": lambda access: bool(ACCOUNT.search(access.resource)),
}
MORE: dict[str, Callable[[UnneededAccess], bool]] = {
    "a policy template of SAM's, which is for several calls": lambda item: item.grant.because.startswith("SAM's"),
    "logs, metrics or traces that the machine does not turn on": lambda item: item.action.split(":")[0] in OF_SETTINGS,
    "an action with a wildcard": lambda item: is_pattern(item.action),
    "a call of a state, on every resource or on a pattern": lambda item: bool(item.needed),
}


@dataclass(frozen=True)
class Published:
    """A machine of a repository: its template and its name there, its comparison, and its definition filled."""

    name: str
    compared: ComparedRole
    definition: dict[str, Any]


def main() -> None:
    """Print every difference with its class, and what the local AWS notices."""
    folder = Path(sys.argv[1])
    machines: list[Published] = []
    for repository, commit in REPOSITORIES.items():
        machines += published(folder, repository, commit)
    count = int(sys.argv[2]) if sys.argv[2:] else COUNT
    drawn = random.Random(SEED).sample(machines, min(count, len(machines)))  # noqa: S311 - a sample
    lacking, more = Counter[str](), Counter[str]()
    same = 0
    for machine in sorted(drawn, key=lambda machine: machine.name):
        compared = machine.compared
        print(f"{machine.name}: {len(compared.needed)} accesses")
        for access in compared.lacks:
            kind = class_of(access, LACKING, "a resource that the role names otherwise")
            lacking[kind] += 1
            print(f"  lacks {access.action} on {access.resource}: {kind}")
        for unneeded in compared.unneeded:
            kind = class_of(unneeded, MORE, "an action that no state calls")
            more[kind] += 1
            print(f"  has too much by {unneeded.action}: {kind}")
        same += not compared.lacks and not compared.unneeded
    print(f"{len(drawn)} of {len(machines)} machines; {same} roles are what is computed")
    for title, counts in (("lacks", lacking), ("has too much", more)):
        for kind, number in counts.most_common():
            print(f"  {title}: {number}  {kind}")
    with tempfile.TemporaryDirectory() as place:
        noticed, of_input, missed = tried(drawn, Path(place))
    print(f"{noticed} of {noticed + len(missed)} accesses are noticed when dropped; {of_input} hang on the input")
    for action, number in Counter(missed).most_common():
        print(f"  not noticed: {number}  {action}")


def class_of(item: Any, classes: dict[str, Callable[[Any], bool]], otherwise: str) -> str:
    """The first class that a difference is of."""
    return next((kind for kind, holds in classes.items() if holds(item)), otherwise)


def published(folder: Path, repository: str, commit: str) -> Iterator[Published]:
    """The machines whose templates make their roles, with at least one access, and without SAM's connectors."""
    repo = folder / repository.replace("/", "+") / "repo"
    files = git(repo, "ls-tree", "-r", "--name-only", commit).decode().split("\n")
    listed = set(files)
    for file in files:
        if not file.endswith((".yaml", ".yml", ".json", ".template")):
            continue
        content = git(repo, "show", f"{commit}:{file}")
        if b"StateMachine" not in content or b"Resources" not in content or b"Connector" in content:
            continue

        def beside(uri: str, file: str = file) -> tuple[bytes, str] | None:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file), uri))
            return (git(repo, "show", f"{commit}:{path}"), path) if path in listed else None

        try:
            source = read(content, file)
            roles = template_roles(source.value, file, source.locate)
            compared = tuple(compared_roles(roles, beside))
        except RemitError:
            continue  # no template
        resources = {resource.logical_id: resource for resource in roles.resources}
        for machine in compared:
            if machine.needed:
                given = resources[machine.machine].properties.get("DefinitionSubstitutions")
                names = given.items() if isinstance(given, dict) else ()
                texts = {name: tokens.text_of(value) for name, value in names}
                stand_ins = StandIns(roles.resources, unknown_are_names=True)
                filled = stand_ins.filled(substituted(machine.definition.value, texts))
                yield Published(f"{repository}/{file}#{machine.machine}", machine, filled)


def git(repo: Path, *arguments: str) -> bytes:
    """What git prints about a repository."""
    program = shutil.which("git") or "git"
    return subprocess.run([program, "-C", str(repo), *arguments], capture_output=True, check=False).stdout


class Trial:
    """A role and a machine of one state in the AWS of this machine."""

    def __init__(self, running: aws.LocalAws) -> None:
        clients = session(running)
        self.iam = clients.client("iam", **client_arguments(running))
        self.flows = clients.client("stepfunctions", **client_arguments(running))
        states_alone = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
        trust = json.dumps({"Statement": [states_alone]})
        self.role = self.iam.create_role(RoleName="tried", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def cause(self, state: dict[str, Any], allowed: list[tuple[str, str]]) -> str:
        """Why a state fails under a role with these accesses; empty where it does not."""
        statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
        nothing = [{"Effect": "Deny", "Action": "none:None", "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements or nothing})
        self.iam.put_role_policy(RoleName="tried", PolicyName="may", PolicyDocument=document)
        definition = json.dumps({"StartAt": "Do", "States": {"Do": state}})
        made = self.flows.create_state_machine(name="tried", definition=definition, roleArn=self.role)
        execution = self.flows.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        while (ended := self.flows.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.01)
        self.flows.delete_state_machine(stateMachineArn=made["stateMachineArn"])
        return str(ended.get("cause", ""))


def tried(machines: list[Published], place: Path) -> tuple[int, int, list[str]]:
    """Run each Task with what it needs, and without each: the number noticed, that of the input's, and the others."""
    running = aws.start(place)
    arn = f"arn:aws:states:us-east-1:{running.account}:stateMachine:tried"
    setting = RequestSetting("us-east-1", running.account, arn)
    noticed, of_input = 0, 0
    missed: list[str] = []
    try:
        trial = Trial(running)
        for machine in machines:
            text = json.dumps(machine.definition).replace("here-region-1", "us-east-1")
            for state in states(json.loads(text.replace("000000999999", running.account))):
                if state.fields.get("Type") != "Task":
                    continue
                original = {"StartAt": "Do", "QueryLanguage": state.language, "States": {"Do": dict(state.fields)}}
                known = {(access.action, access.resource) for access in accesses(original, arn, setting)}
                alone = by_itself(state.fields)
                one = {"StartAt": "Do", "States": {"Do": alone}}
                needed = [(access.action, access.resource) for access in accesses(one, arn, setting)]
                denial = trial.cause(alone, needed)
                if "not authorized" in denial:
                    print(f"  denied with all that is computed: {machine.name} {state.name}: {denial}")
                for dropped in needed:
                    if dropped not in known:
                        of_input += 1
                    elif f"perform: {dropped[0]} on" in trial.cause(
                        alone, [item for item in needed if item != dropped]
                    ):
                        noticed += 1
                    else:
                        missed.append(dropped[0])
                        if dropped[0] not in FOLLOWING:
                            print(f"  not noticed: {machine.name} {state.name}: {dropped}")
    finally:
        aws.stop(place)
    return noticed, of_input, missed


def by_itself(fields: dict[str, Any]) -> dict[str, Any]:
    """A Task by itself, with a text for all that an input would give."""
    arguments = literal(fields.get("Parameters", fields.get("Arguments", {})))
    return {"Type": "Task", "Resource": fields["Resource"], "Parameters": arguments, "TimeoutSeconds": 1, "End": True}


def literal(value: Any) -> Any:
    """A value with a text for each part that an input gives."""
    if isinstance(value, dict):
        return {
            name.removesuffix(".$"): "sample" if name.endswith(".$") else literal(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [literal(item) for item in value]
    return "sample" if isinstance(value, str) and value.startswith("{%") else value


if __name__ == "__main__":
    main()
