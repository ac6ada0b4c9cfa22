"""Read the resources of a deployed stack as they are in the account, and find what people changed by hand on them.

Source: "Lambda quotas" (AWS Lambda Developer Guide): GetFunction may be called 100 times a second, GetPolicy 15 times,
and all other calls that read 15 times together.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.account_roles import at_once
from remit.deploy.aws_errors import NOTHING, answered_errors, code, patiently, remit_error, remit_errors, transient
from remit.deploy.live_resources.functions import ROWS as FUNCTIONS
from remit.deploy.live_resources.policies import attached_policies
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Read, Row, Subject, differences
from remit.deploy.live_resources.senders import ROWS as SENDERS
from remit.deploy.live_resources.stores import ROWS as STORES
from remit.deploy.role_repairs import method_of
from remit.deploy.stack import pauses
from remit.errors import RemitError, few
from remit.iam import tokens
from remit.roles.reference_names import arn_of, fill_references, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from remit.app import Resource
    from remit.deploy.drift import Drift
    from remit.deploy.session import Account
    from remit.deploy.status import StackStatus

ROWS: Final[Mapping[str, Row]] = {row.type: row for row in (*FUNCTIONS, *STORES, *SENDERS)}
"""By type; of all others nothing is compared."""
_WITHIN: Final = {"AWS::Events::Rule": "EventBusName", "AWS::Scheduler::Schedule": "GroupName"}
"""The property that says where among others of its name a resource is."""
_VERSION: Final = "AWS::Lambda::Version"
_GET_FUNCTION: Final = "lambda.GetFunction"
_GONE: Final = rf"{NOTHING}|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue"
_ASKS: Final = 4  # times for one answer, while a service is busy
_BURST: Final = 15
_PER_SECOND: Final = 10
_KINDS: Final = ("role", "access", "runs", "rest")


@dataclass(frozen=True, slots=True)
class ReadResources:
    """The answers about a stack's resources: by logical id and operation.

    None is the answer about a resource that is gone, a RemitError that of a call which is denied or refused.
    """

    subjects: Mapping[str, Subject]
    answers: Mapping[str, Mapping[str, Any]]

    def roles_of_functions(self, logical_ids: Iterable[str]) -> dict[str, str]:
        """The ARN of each function's role; a function that is gone is left out. RemitError: a call failed."""
        roles = {}
        for logical_id in logical_ids:
            answer = self.answers.get(logical_id, {}).get(_GET_FUNCTION)
            if isinstance(answer, RemitError):
                raise answer
            if answer is not None:
                roles[logical_id] = str(answer["Configuration"]["Role"])
        return roles


def read_resources(
    account: Account, deployed: StackStatus, declared: Sequence[Resource], on_wait: Callable[[str], None]
) -> ReadResources:
    """Read what `ROWS` says of each resource. RemitError: AWS does not answer.

    `on_wait` hears of it where that takes longer than a moment, since AWS limits the rate.
    """
    subjects, calls = calls_for(account, deployed, declared)
    answers = _answers(account, calls, on_wait)
    return ReadResources(
        subjects,
        {
            resource.logical_id: {
                read.operation: answers[_key(read, subjects[resource.logical_id])] for read in ROWS[resource.type].reads
            }
            for resource in deployed.resources
            if resource.logical_id in subjects
        },
    )


def calls_for(
    account: Account, deployed: StackStatus, declared: Sequence[Resource]
) -> tuple[Mapping[str, Subject], Mapping[tuple[str, str], Read]]:
    """The resources that are compared, by logical id; and the calls that read them, each once.

    A resource without a row or a physical id is left out, and so is one that stands within another whose name is not
    known.
    """
    place = account.pseudo_parameters(deployed.stack.name)
    names: dict[str, list[str]] = {}
    resources = [resource for resource in deployed.resources if resource.physical_id and resource.type in ROWS]
    for resource in resources:
        names.setdefault(resource.type, []).append(resource.physical_id)
    own_names = {f"${{{part.logical_id}}}": part.physical_id for part in deployed.resources} | place
    within = {
        part.logical_id: fill_references(tokens.text_of(part.properties[_WITHIN[part.type]]), own_names)
        for part in declared
        if _WITHIN.get(part.type) in part.properties
    }
    subjects: dict[str, Subject] = {}
    calls: dict[tuple[str, str], Read] = {}
    for resource in resources:
        arn = fill_references(arn_of(resource.type, resource.physical_id) or "", place)
        where = within.get(resource.logical_id, "")
        if references(where):  # nobody knows which of its name it is
            continue
        if where:
            arn = re.sub(r":rule/(?:.*\|)?", f":rule/{where}/", arn)  # its physical id may be BUS|NAME
        subjects[resource.logical_id] = Subject(resource.physical_id, arn, names[resource.type], where)
        for read in ROWS[resource.type].reads:
            calls.setdefault(_key(read, subjects[resource.logical_id]), read)
    return subjects, calls


def _key(read: Read, subject: Subject) -> tuple[str, str]:
    """The operation and its parameters as JSON: equal for all resources that one call tells of."""
    return read.operation, json.dumps(read.parameters(subject))


def _answers(
    account: Account, calls: Mapping[tuple[str, str], Read], on_wait: Callable[[str], None]
) -> dict[tuple[str, str], Any]:
    """Make the calls at once, those of which AWS takes few in a second last and in their time.

    RemitError: AWS does not answer.
    """
    for operation, _ in calls:
        account.client(operation.partition(".")[0])  # no two threads make one
    slow = [call for call in calls if call[0].startswith("lambda.") and call[0] != _GET_FUNCTION]
    quick = [call for call in calls if call not in slow]
    if len(slow) > _BURST and not account.local:
        on_wait(f"comparing {sum(operation == _GET_FUNCTION for operation, _ in calls)} functions with AWS ...")
    start = time.monotonic()

    def answer(number: int, call: tuple[str, str]) -> Any:
        """The answer to a call, asked for when it is due; quick calls, and those of the local AWS, need not wait."""
        if number >= 0 and not account.local:
            time.sleep(max(0.0, start + due(number) - time.monotonic()))
        return ask(account, calls[call], json.loads(call[1]))

    ordered = [*((-1, call) for call in quick), *enumerate(slow)]
    with remit_errors():
        return dict(zip((call for _, call in ordered), at_once(lambda item: answer(*item), ordered), strict=True))


def due(number: int) -> float:
    """When the call of a number may be made, in seconds from the first: a burst, then so many a second."""
    return 0.0 if number < _BURST else 1.0 + (number - _BURST) / _PER_SECOND


def ask(account: Account, read: Read, parameters: Mapping[str, Any]) -> Any:
    """The answer to a call, all pages of it; {} where there is nothing of it, None where its resource is gone.

    A RemitError is returned, and not raised, where AWS denies or refuses the call.
    """
    service, operation = read.operation.split(".")
    client = account.client(service)
    method = method_of(operation)
    if client.can_paginate(method):
        call = partial(lambda **given: client.get_paginator(method).paginate(**given).build_full_result(), **parameters)
    else:
        call = partial(getattr(client, method), **parameters)
    try:
        return patiently(call, islice(pauses(account), _ASKS - 1), transient)
    except answered_errors() as error:
        if code(error) == read.nothing:
            return {}
        if re.fullmatch(_GONE, code(error)):
            return None
        if transient(error):
            raise
        return remit_error(error)


def compared(
    account: Account,
    deployed: StackStatus,
    read: ReadResources,
    declared: Iterable[Resource],
    names: Mapping[str, str],
) -> tuple[tuple[Drift, ...], tuple[str, ...]]:
    """The changes by hand; and in words what is not compared.

    Changes that let in everybody come first, then access, what runs, the rest. Not compared is what a call is denied
    for or refused, and what has a part that only the deploy knew. `declared` are the template's resources, and `names`
    the values of their references.
    """
    physical = deployed.physical_ids
    versions = {part.logical_id: part.physical_id for part in deployed.resources if part.type == _VERSION}
    names = {**names, **{f"${{{name}.Version}}": arn.rpartition(":")[2] for name, arn in versions.items()}}
    names |= {
        f"${{{name}.Arn}}": subject.arn
        for name, subject in read.subjects.items()
        if subject.within and ":rule/" in subject.arn
    }
    resources = tuple(resource for resource in declared if resource.logical_id in physical)
    policies = attached_policies(resources, names, physical)
    stack = LiveStack(account.account, names, physical, resources, policies, account.local)
    changes: list[Drift] = []
    failures: dict[str, list[str]] = {}
    for resource in resources:
        if resource.logical_id not in read.subjects:
            continue
        subject, answers = read.subjects[resource.logical_id], read.answers[resource.logical_id]
        known = {name: answer for name, answer in answers.items() if not isinstance(answer, RemitError)}
        live = LiveResource(
            ROWS[resource.type], resource.logical_id, subject,
            stack.filled(dict(resource.properties)), known, stack,
        )  # fmt: skip
        changes += [live.gone()] if None in known.values() else differences(live)
        for name in answers.keys() - known.keys():
            failures.setdefault(name, []).append(resource.logical_id)
    changes.sort(key=lambda change: (not change.is_public, _KINDS.index(change.kind)))
    omitted = [
        f"what {name} tells of {few(ids)}, which the caller may not read" for name, ids in sorted(failures.items())
    ]
    of_deploy = "of which the template has a part that its deploy alone knew"
    unknown = [name for name in read.subjects if policies.get(name, ()) is None]
    omitted += [f"the policy of {few(unknown)}, {of_deploy}"] if unknown else []
    lost = [part.logical_id for part in resources if part.type in ROWS and part.logical_id not in read.subjects]
    omitted += [f"{few(lost)}, {of_deploy}"] if lost else []
    return tuple(changes), tuple(f"not compared: {text}" for text in omitted)
