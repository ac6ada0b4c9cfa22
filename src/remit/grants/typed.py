"""How a typed grant is made: exact actions on one named thing, with its reason and the line that wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeAlias

from remit.app import Grant, Reason
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.types import resource_type
from remit.declare.asked import verb
from remit.declare.resource_references import AnyRefs
from remit.errors import RemitError, writer
from remit.iam import tokens
from remit.iam.pattern import is_pattern
from remit.iam.placeholders import placeholder
from remit.iam.policy import Condition, Globs, Statement
from remit.project.lambda_environment import placeholder_in
from remit.resources.kms_key import KmsKey, encrypting_key, key_named, key_text
from remit.resources.name_rules import broken_rule
from remit.resources.names import call_meant_by_url, name_of, refuse_name_of_own
from remit.resources.names import text_of as text_of  # noqa: PLC0414 - for the verbs, too

Grants: TypeAlias = tuple[Grant, ...]
"""What a verb gives: a grant for each statement that it takes. A policy list takes them as one item."""
_WILDCARD: Final = re.compile(r"[*?]")
HERE: Final = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
"""The ARN of something in the app's own region and account: of a service, and what names the thing there."""


@verb
def allow(*actions: str, on: AnyRefs = "*", because: str | None = None) -> Grants:
    """Any exact actions on an ARN, several, or a resource of the app: `allow("s3:GetObjectTagging", on=arn)`.

    RemitError (2): a name is no exact action, or there is none.
    """
    names = tuple(tokens.plain(action) for action in actions)
    if not names or not all(isinstance(name, str) and ":" in name for name in names):
        raise RemitError(
            f"allow{actions!r:.60}: actions read `service:Operation`",
            hint='such as "s3:GetObject"',
            origin=writer(),
        )
    subjects = on if isinstance(on, list | tuple) else [on]
    resources = tuple(text_of(item, "allow") for item in subjects)
    return grant(names, resources, because or f"{', '.join(names)} on {', '.join(resources)}")


def grant(actions: tuple[str, ...], resources: tuple[str, ...], because: str, *when: Condition) -> Grants:
    """A tuple of one grant, with the line of the user's code that asked for it."""
    statement = Statement("Allow", Globs(actions), Globs(resources), conditions=when)
    return (Grant(statement, Reason("text", because), writer()),)


def everywhere(actions: tuple[str, ...], because: str, *when: Condition) -> Grants:
    """A grant of actions for which IAM knows no resource, which its reason says."""
    return grant(actions, ("*",), f"{because} (IAM knows no narrower resource)", *when)


def pass_role(role: Any, service: str, verb: str, because: str) -> Grants:
    """Hand a role to one service, and to no other: `iam:PassRole` on the condition iam:PassedToService.

    Source: "Grant a user permissions to pass a role to an AWS service" (IAM User Guide).
    """
    resource = arn(role, verb, "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{}")
    only_to = Condition("StringEquals", "iam:PassedToService", (f"{service}.amazonaws.com",))
    return grant(("iam:PassRole",), (resource,), f"{because}, which the service does with this role", only_to)


ENCRYPT: Final = ("kms:GenerateDataKey", "kms:Decrypt")
"""What it takes to write through a service that encrypts with the caller's access to the key."""
DECRYPT: Final = ("kms:Decrypt",)
"""What it takes to read through such a service."""


def through(service: str, key: Any, actions: tuple[str, ...], verb: str, because: str) -> Grants:
    """The KMS half of a verb: use the key, through this service alone; nothing where there is none, or AWS manages it.

    Source: "kms:ViaService" (AWS KMS Developer Guide).
    """
    if key is None:
        return ()
    named_key = kms_key(key, verb)
    if named_key.is_of_aws:
        return ()
    via_service = Condition("StringEquals", "kms:ViaService", (f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}",))
    return grant(
        actions, (named_key.resource,), f"{because}, which this key encrypts", via_service, *named_key.conditions
    )


class ResourceKind(NamedTuple):
    """A kind of things in the app's region and account that verbs are about: `ResourceKind("sqs", "{}", "queue")`."""

    service: str
    path: str
    """The end of their ARNs, with {} for the name."""
    word: str
    """What reasons call one."""
    type: str = ""
    """The type whose names theirs are checked by; none where AWS says little of them."""
    form: str = HERE
    """The beginning of their ARNs, of the service and the end."""

    def named(self, subject: Any, verb: str) -> tuple[str, str]:
        """The ARN of one that is given by name, by ARN or as a resource of the app, and its name for reasons."""
        own_arn = arn(subject, verb, self.form % (self.service, self.path), self.type)
        before, _, after = self.path.partition("{}")
        return own_arn, name_of(own_arn).removeprefix(before).removesuffix(after)

    def grants(
        self,
        verb: str,
        phrase: str,
        subject: Any,
        actions: tuple[str, ...],
        *when: Condition,
        key: Any = None,
        with_key: tuple[str, ...] = (),
    ) -> Grants:
        """The grants of a verb on one of them: its actions, and `with_key` the use of the KMS key that encrypts it."""
        own_arn, name = self.named(subject, verb)
        because = f"{phrase} {self.word} {name}"
        grants = grant(actions, (own_arn,), because, *when)
        if with_key:
            grants += through(self.service, key_of(subject, key), with_key, verb, because)
        return grants


def key_of(subject: Any, key: Any) -> Any:
    """The key that encrypts what a verb is about: as given, else the one that a resource of the app names, or None."""
    # A resource of the app alone has `spelled`: its class is not loaded where an app has none.
    return encrypting_key(subject) if key is None and hasattr(subject, "spelled") else key


def kms_key(key: Any, verb: str) -> KmsKey:
    """The key that an option names by id, ARN, alias or resource. RemitError: it is none.

    What is the app's own goes by its ARN once the app is there (`roles/assign.py`).
    """
    return key_named(arn(key_text(key, verb), verb, "{}"))


def texts_of(subjects: tuple[Any, ...], verb: str, needed: str) -> tuple[str, ...]:
    """The text of each subject. RemitError: there is no subject; `needed` says what is missing."""
    if not subjects:
        raise RemitError(f"{verb} needs {needed}", origin=writer())
    return tuple(text_of(subject, verb) for subject in subjects)


def one_or_several(subjects: Any, verb: str) -> tuple[str, ...]:
    """The texts of an option that takes one, or several in a list; none of an empty list."""
    is_list = isinstance(subjects, Iterable) and not isinstance(subjects, str)
    return tuple(text_of(subject, verb) for subject in (subjects if is_list else (subjects,)))


def of_objects(read: Callable[..., Grants], bucket: Any, keys: tuple[str, ...], key: Any, verb: str) -> Grants:
    """The grants of `read` on objects, where a verb that works without a bucket gets one.

    RemitError: it gets none, but objects of one, or the key that encrypts them.
    """
    if bucket is not None:
        return read(bucket, *keys, key=key)
    if keys or key is not None:
        hint = "usually os.environ.get() of a variable that is not set"
        raise RemitError(f"{verb} gets objects or a key, and no bucket", hint=hint, origin=writer())
    return ()


def arn(subject: Any, verb: str, form: str, type_name: str = "") -> str:
    """The ARN of something given by name (`form` has a {} for it), by ARN, or as a resource of the app.

    RemitError: it is none, or the app's of another service; of a type, none can have the name.
    """
    text, shape = text_of(subject, verb), parse_arn(form)
    kind = resource_type(subject.type) if hasattr(subject, "spelled") else None
    if kind is not None and kind.iam and shape is not None:  # a resource of the app, whose service is known
        problem = f"{verb} takes a resource of {shape.service}, and `{subject.spelled}` is {kind.name}"
        if all(name.partition(":")[0] != shape.service for name in kind.iam):
            raise RemitError(problem, origin=writer())
    if "://" in text:
        raise RemitError(
            f"{verb} takes a name, an ARN or a resource, got the URL {text!r}",
            hint=call_meant_by_url(text, verb),
            origin=writer(),
        )
    if text.startswith(("arn:", "${", "*")):
        refuse_name_of_own(subject, verb)
        return text
    if type_name:
        check_name(text, verb, type_name)
    return form.replace("{}", text)


def check_name(name: str, verb: str, type_name: str) -> None:
    """RemitError: nothing of the type can have the name, whatever its wildcards and late-bound parts stand for.

    A name that is too short grants nothing to anybody, and is taken: people try verbs out on `a` and `b`.
    """
    if "None" in name or placeholder(name) is not None or placeholder_in(name) is not None:
        return  # a value that is missing, which the check of policies says better
    parts: list[object] = []
    for part in tokens.split(name):
        if isinstance(part, str):
            first, *others = _WILDCARD.split(part)
            parts.append(first)
            for text in others:
                parts += (_WILDCARD, text)  # what is no text may be anything
        else:
            parts.append(part)
    rule = broken_rule(type_name, parts, makes=False, may_be_short=True)
    if rule is not None:
        raise RemitError(f"{verb}: nothing can be named {name!r:.60}", hint=rule, origin=writer())


def holding(key: str, *values: Any, verb: str) -> tuple[Condition, ...]:
    """The condition that a key has one of these values, or fits one of these patterns; none where they are None."""
    texts = tuple(text_of(value, verb) for value in values if value is not None)
    operator = "StringLike" if any(map(is_pattern, texts)) else "StringEquals"
    return (Condition(operator, key, texts),) if texts else ()


def holding_each(key: str, *values: Any, verb: str) -> tuple[Condition, ...]:
    """`holding` for a key that has several values, all of which must fit.

    ForAllValues holds for a request without the key, too: Null demands that it is there ("Set operators for multivalued
    context keys", IAM User Guide).
    """
    for_all = tuple(replace(condition, quantifier="ForAllValues") for condition in holding(key, *values, verb=verb))
    return (*for_all, Condition("Null", key, ("false",))) if for_all else ()
