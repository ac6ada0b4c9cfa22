"""What a deploy leaves behind for the next review: `.remit/deployed/NAMESPACE.json`, written and read here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from remit.app import Grant, Reason
from remit.catalogue.managed_policies import managed_policy
from remit.documents.json_text import read_json
from remit.errors import Origin, RemitError
from remit.holders import Holder, HolderKind, bounded, by_arn, inline
from remit.iam.policy import VERSION, Policy, parse, parse_statement, render, render_statement
from remit.project.dot_remit import own_folder
from remit.review.access_change import AccessSetting, Given, Version
from remit.review.comparable_roles import plain
from remit.review.resource_access import with_arns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deploy went. The AWS on this machine has an account and a region, too."""

    account: str
    region: str
    local: bool = False

    def __str__(self) -> str:
        return "the AWS on this machine" if self.local else f"account {self.account}, {self.region}"


def record_path(folder: Path, namespace: str, *, local: bool = False) -> Path:
    """The path of the record of a stack's last deploy; the AWS on this machine has one of its own.

    Raises RemitError if that is a link, or in one.
    """
    return own_folder(folder, "deployed") / f"{namespace}{'@local' if local else ''}.json"


def record(version: Version, stage: str, place: Place | None) -> str:
    """The record of a deploy, as text; without a place, of what was not deployed.

    The managed policies and boundaries that are not among the version's documents, those of AWS as a rule, are taken
    from the catalogue, so that a later review sees what AWS has changed since.
    """
    from remit import __version__  # noqa: PLC0415 - the package's own attributes are imported when asked for

    document = {
        "format": FORMAT,
        "remit": __version__,
        "namespace": version.namespace,
        "stage": stage,
        "account": None if place is None else place.account,
        "region": None if place is None else place.region,
        "local": place is not None and place.local,
        "roles": [_role(role) for role in version.roles],
        "others": dict(version.others),
    }
    if version.open is not None:
        document["open"] = sorted(version.open)
    if version.giving is not None:
        document["access"] = {name: _given(access) for name, access in sorted(version.giving.items())}
    # AWS changes its managed policies: the record has what they said at the deploy.
    document["managed"] = dict(_managed(version.roles, version.documents))
    return json.dumps(document, indent=2) + "\n"


def _role(role: Holder) -> dict[str, Any]:
    """A role as a record holds it, which `_read_role` reads."""
    return {
        "role": role.logical_id,
        "functions": list(role.functions),
        "managed_policies": list(role.managed),
        "permissions_boundary": role.boundary,
        "trusts": list(role.trusts),
        "trust": None if role.trust is None else render(role.trust),
        "grants": [_grant(grant) for grant in role.grants],
        **({"notes": list(role.notes)} if role.notes else {}),
        **({} if role.kind == "role" else {"kind": role.kind}),
    }


def _given(access: Given) -> dict[str, Any]:
    """The access that a resource gives, as a record holds it; what is empty or false is left out."""
    settings = []
    for setting in access.settings:
        members = {"path": setting.path, "kind": setting.kind, "opens": setting.opens, "values": list(setting.values)}
        settings.append({**members, **_nonempty({"door": setting.door, "is_limited": setting.is_limited})})
    further = {
        "is_conditional": access.is_conditional,
        "documents": [[_grant(grant) for grant in grants] for grants in access.documents],
        "settings": settings,
        "unread": sorted(access.unread),
        "is_ceiling": access.is_ceiling,
        "is_gateway": access.is_gateway,
    }
    return {"type": access.type, "on": list(access.on), **_nonempty(further)}


def _nonempty(further: dict[str, Any]) -> dict[str, Any]:
    """Those of some members that have a value, which is not empty, false or None."""
    return {name: value for name, value in further.items() if value}


def _grant(grant: Grant) -> dict[str, Any]:
    """A grant as a record holds it: statement, because and place; the version where it is not the newest."""
    at = grant.origin
    return {
        "statement": render_statement(grant.statement),
        "because": grant.because,
        "origin": None if at is None else [at.file, at.line, at.column],
        **({} if grant.version == VERSION else {"version": grant.version}),
    }


def _managed(roles: tuple[Holder, ...], documents: Mapping[str, Policy]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the managed policies and boundaries of the roles by ARN, sorted; those that nobody knows are left out.

    AWS's own have their version, from the catalogue; others have None.
    """
    arns: set[str] = set()
    for role in roles:
        arns.update(role.managed)
        if role.boundary:
            arns.add(role.boundary)
    by_plain_arn = {plain(arn): document for arn, document in documents.items()}
    for arn in sorted(arns):
        document = by_plain_arn.get(plain(arn))
        aws_policy = managed_policy(arn)
        if document is not None:
            yield arn, {"version": None, "document": render(document)}
        elif aws_policy is not None:
            yield arn, {"version": aws_policy.version, "document": aws_policy.document}


def recorded(folder: Path, namespace: str, *, local: bool = False) -> Version | None:
    """The roles of the last deploy from this folder; None when there is no record. RemitError: it cannot be read."""
    path = record_path(folder, namespace, local=local)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RemitError(f"cannot read the record of the last deploy: {error.strerror}", origin=_at(path)) from None
    return read_record(content, path.relative_to(folder).as_posix())


def read_record(content: bytes, file: str) -> Version:
    """The roles that a record holds. RemitError: it is none, it is damaged, or a newer remit wrote it.

    `file` names it in messages.
    """
    value, _ = read_json(content, file, most=len(content))
    file_format = value.get("format") if isinstance(value, dict) else None
    if isinstance(file_format, int) and file_format > FORMAT:
        raise RemitError(f"a newer remit wrote {file}", hint="upgrade remit, or deploy with this one", origin=_at(file))
    try:
        return _version(value)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RemitError):
        raise RemitError(
            f"{file} is not a record of a deploy that this remit can read",
            hint="delete it: the next deploy writes it anew, and `remit diff --base REF` needs none",
            origin=_at(file),
        ) from None


def _at(file: str | Path) -> Origin:
    return Origin(str(file))


def _version(value: Mapping[str, Any]) -> Version:
    """A version, read from a record. Errors of any kind tell that the record is none: whoever reads it judges them."""
    place = None
    if value["account"] is not None:
        place = Place(_text(value["account"]), _text(value["region"]), value["local"] is True)
    managed = {arn: (policy["version"], parse(policy["document"])) for arn, policy in value["managed"].items()}
    # The record of an older remit does not tell what resources gave.
    giving = {name: _read_given(access) for name, access in value["access"].items()} if "access" in value else None
    return Version(
        where="the working tree" if place is None else f"the last deploy ({place})",
        roles=tuple(_read_role(role) for role in value["roles"]),
        documents={arn: document for arn, (_, document) in managed.items()},
        versions={arn: _text(version) for arn, (version, _) in managed.items() if version is not None},
        namespace=_text(value["namespace"]),
        others={name: _text(arn) for name, arn in value["others"].items()},
        open=_texts(value["open"]) if "open" in value else None,
        giving=None if giving is None else with_arns(giving),
    )


def _read_role(value: Mapping[str, Any]) -> Holder:
    """A holder, read from a record. ValueError, and others: it is none."""
    boundary, kind = value["permissions_boundary"], value.get("kind", "role")
    if kind not in get_args(HolderKind):
        raise ValueError
    return Holder(
        logical_id=_text(value["role"]),
        policies=(inline(map(_read_grant, value["grants"])), *by_arn(_texts(value["managed_policies"]))),
        functions=_texts(value["functions"]),
        limits=bounded(None if boundary is None else _text(boundary)),
        trusts=_texts(value["trusts"]),
        trust=None if value["trust"] is None else parse(value["trust"]),
        notes=_texts(value.get("notes", [])),
        kind=kind,
    )


def _read_given(value: Mapping[str, Any]) -> Given:
    """The access of a resource, read from a record, where empty parts are left out. KeyError, TypeError: it is none."""
    return Given(
        _text(value["type"]),
        tuple(tuple(_read_grant(grant) for grant in grants) for grants in value.get("documents", [])),
        _texts(value["on"]),
        is_conditional=value.get("is_conditional") is True,
        settings=tuple(_read_setting(setting) for setting in value.get("settings", [])),
        unread=frozenset(_texts(value.get("unread", []))),
        is_ceiling=value.get("is_ceiling") is True,
        is_gateway=value.get("is_gateway") is True,
    )


def _read_setting(value: Mapping[str, Any]) -> AccessSetting:
    """A setting, read from a record. KeyError, TypeError: it is none."""
    return AccessSetting(
        _text(value["path"]),
        _text(value["kind"]),
        _text(value["opens"]),
        _texts(value["values"]),
        _text(value.get("door", "")),
        is_limited=value.get("is_limited") is True,
    )


def _read_grant(value: Mapping[str, Any]) -> Grant:
    """A grant as the record has it.

    KeyError, IndexError, TypeError, ValueError or RemitError: it was not written so.
    """
    at = value["origin"]
    origin = None if at is None else Origin(_text(at[0]), int(at[1]), int(at[2]))
    return Grant(
        parse_statement(value["statement"]),
        Reason("text", _text(value["because"])),
        origin,
        _text(value.get("version", VERSION)),
    )


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of a list. TypeError: it is none, or one of them is no text."""
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(_text, value))


def _text(value: Any) -> str:
    """The value itself. TypeError: it is no text."""
    if not isinstance(value, str):
        raise TypeError
    return value
