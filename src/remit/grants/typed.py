"""How a typed grant is made: exact actions on one named thing, with its reason and the line that wrote it."""

from __future__ import annotations

from typing import Any

from remit.app import Grant, Reason
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.iam.policy import Condition, Globs, Statement
from remit.triggers.source import name_in


def allow(*actions: str, on: Any = "*", because: str | None = None) -> Grant:
    """Any exact actions on an ARN, several, or a resource of the app: `allow("s3:GetObjectTagging", on=arn)`."""
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


def grant(actions: tuple[str, ...], resources: tuple[str, ...], because: str, *when: Condition) -> Grant:
    """A grant with the line of the user's code that asked for it."""
    statement = Statement("Allow", Globs(actions), Globs(resources), conditions=when)
    return Grant(statement, Reason("text", because), writer())


def text_of(subject: Any, verb: str) -> str:
    """A name or ARN as text: given as such, or as a resource of the app."""
    text = tokens.plain(getattr(subject, "arn", subject))
    if isinstance(text, str) and text:
        return text
    got = described(subject)
    hint = "usually os.environ.get() of a variable that is not set" if subject is None else None
    raise RemitError(f"{verb} takes a name, an ARN or a resource, got {got}", hint=hint, origin=writer())


def arn(subject: Any, verb: str, form: str) -> str:
    """The ARN of something given by name (`form` has a {} for it), by ARN, or as a resource of the app."""
    text = text_of(subject, verb)
    if "://" in text:
        raise RemitError(
            f"{verb} takes a name, an ARN or a resource, got the URL {text!r}",
            hint=name_in(text, verb),
            origin=writer(),
        )
    return text if text.startswith(("arn:", "${", "*")) else form.replace("{}", text)
