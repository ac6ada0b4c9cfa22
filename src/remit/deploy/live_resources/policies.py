"""Compare the policy of a resource with those that the template puts on it, statement by statement."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.deployed_references import is_open
from remit.deploy.drift import ROOT, Drift, normal
from remit.deploy.live_resources.resource_row import AttachedPolicy, Check, LiveResource, Subject, value_at
from remit.deploy.role_repairs import Repair, repair
from remit.errors import RemitError
from remit.iam.policy import Globs, Policy, Statement, parse, render
from remit.iam.prove.public import public
from remit.review.resource_access import giving
from remit.roles.reference_names import fill_policy_with_principals, fill_references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.app import Resource

    Put = Callable[[LiveResource, str], Repair]

_SOURCE: Final = "aws:sourcearn"
_MOST: Final = 3  # actions that are named


def attached_policies(
    resources: tuple[Resource, ...], names: Mapping[str, str], physical: Mapping[str, str]
) -> dict[str, tuple[AttachedPolicy, ...] | None]:
    """The policies that a template's resources put on each of them, by logical id; None where some is not known.

    Those on resources that the stack does not have stand under "". `names` are the values of references, and `physical`
    the names in the account by logical id.
    """
    logical_ids = {names[text]: name for name in physical if (text := f"${{{name}.Arn}}") in names}
    logical_ids |= {text: name for name, text in physical.items()}
    by_id = {resource.logical_id: resource for resource in resources}
    attached: dict[str, tuple[AttachedPolicy, ...] | None] = {}
    for holder, given in giving(resources).items():
        filled = [fill_policy_with_principals(policy, names) for policy in given.policies]
        is_known = not given.unread and not any(map(is_open, filled))
        for text in given.on if filled or given.unread else ():
            target = text if text == holder else logical_ids.get(fill_references(text, names), "")
            before = attached.get(target, ())
            new = tuple(AttachedPolicy(by_id[holder], policy) for policy in filled)
            attached[target] = (*before, *new) if is_known and before is not None else None
    return attached


def comparable(statement: Statement) -> Statement:
    """A statement in one spelling, to compare: no Sid, lists sorted, actions and condition keys in small letters.

    Services write these as they like.
    """
    (statement,) = normal(Policy((statement,))).statements
    conditions = []
    for condition in statement.conditions:
        key = condition.key.lower()
        # Lambda compares the source by ArnLike, whatever a template can say.
        operator = "ArnLike" if key == _SOURCE else condition.operator
        conditions.append(replace(condition, key=key, operator=operator))
    actions = Globs(tuple(sorted(map(str.lower, statement.actions.patterns))), statement.actions.negated)
    return replace(statement, sid="", actions=actions, conditions=tuple(sorted(conditions, key=repr)))


def compare_policy(
    live: LiveResource, text: str | None, put: Put, default: Iterable[Statement] = ()
) -> Iterator[Drift]:
    """Yield what differs of a policy that AWS gives as `text`, None or empty where there is none.

    `put` gives the call that writes a document, or deletes it (""). `default` is what the service itself writes without
    a policy. It is one change at most: none where the template has a part that only its deploy knew, and one without a
    repair where `text` is no policy.
    """
    attached = live.stack.policies.get(live.logical_id, ())
    if attached is None:
        return
    try:
        actual = parse(json.loads(text)).statements if text else ()
    except (ValueError, RemitError):
        yield live.drift("access", f"the policy of {live.words} was changed by hand, and cannot be read")
        return
    expected = tuple(statement for policy in attached for statement in policy.policy.statements) or tuple(default)
    before, after = set(map(comparable, expected)), set(map(comparable, actual))
    if before == after:
        return
    verb = "was changed" if expected and actual else "was made" if actual else "was deleted"
    effects, is_public = new_callers(live, actual, expected)
    document = json.dumps(render(Policy(expected, attached[0].policy.version))) if attached else ""
    what = f"the policy of {live.words} {verb} by hand{effects}"
    yield live.drift("access", what, put(live, document), is_public=is_public)


def policy_check(put: Put, path: str = "Policy") -> Check:
    """A check that compares the policy at `path` of AWS's answer; what differs has the call of `put` as its repair."""
    return lambda live, answer: compare_policy(live, value_at(answer, path), put)


def put_by(write: str, delete: str, parameters: Callable[[Subject], Mapping[str, Any]], member: str = "Policy") -> Put:
    """A `Put`: the call, to be made later, that writes a resource's policy or deletes it.

    It is the operation `write` with the document as its parameter `member`; for an empty document it is `delete`, which
    is "" where a resource always has a policy. `parameters` gives what either call says of the resource.
    """

    def put(live: LiveResource, document: str) -> Repair:
        given = {member: document} if document else {}
        return repair(write if document else delete, **parameters(live.subject), **given)

    return put


def new_callers(live: LiveResource, actual: Iterable[Statement], expected: Iterable[Statement]) -> tuple[str, bool]:
    """The callers that `actual` admits and `expected` does not, in words (`: anybody may sqs:SendMessage`).

    And whether anybody is among them. The words name the first few actions of each, and are empty where nobody is new.
    """
    gained: dict[str, dict[str, None]] = {}
    before = _exposed(live, expected)
    for who, action in _exposed(live, actual):
        if (who, action) not in before:
            gained.setdefault(who, {})[action] = None
    texts = []
    for who, actions in gained.items():
        more = f" and {len(actions) - _MOST} more" if len(actions) > _MOST else ""
        account = ROOT.fullmatch(who)
        words = f"account {account[1]}" if account is not None else {"*": "anybody"}.get(who, who)
        texts.append(f"{words} may {', '.join(list(actions)[:_MOST])}{more}")
    return f": {'; '.join(texts)}" if texts else "", "*" in gained


def _exposed(live: LiveResource, statements: Iterable[Statement]) -> dict[tuple[str, str], None]:
    """The callers outside the account, or anybody (`*`), each with an action that the statements allow it, in order."""
    exposures = public(Policy(tuple(statements)), live.stack.account).found
    return dict.fromkeys((exposure.who, exposure.piece.action) for exposure in exposures)
