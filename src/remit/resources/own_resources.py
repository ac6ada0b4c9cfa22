"""The app's own resources, by their logical ids and by the ARNs that their literal names give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from remit.catalogue.types import arn_of, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import App, Resource


class OwnResources(NamedTuple):
    """The resources that an app declares, and what names them."""

    by_id: Mapping[str, Resource]
    late_bound_arns: Mapping[str, str]
    """The ARNs that they have by their literal names, and their late-bound ARNs."""

    def named(self, arn: str) -> Resource | None:
        """The resource whose ARN this is, or below whose ARN it is (a bucket's objects); None: it is not the app's."""
        late = self.late_bound_arns.get(arn) or self.late_bound_arns.get(arn.partition("/")[0]) or arn
        references = tokens.references(late)
        if not references or not late.startswith(references[0].text):
            return None
        return self.by_id.get(references[0].target or "")


_KNOWN: Final[dict[int, tuple[tuple[Resource, ...], OwnResources]]] = {}
"""By the identity of resources, which hold mappings and so have no hash."""
_MOST_KNOWN: Final = 4


def own_resources(app: App) -> OwnResources:
    """The resources of an app; those of the last few apps are kept, since each function asks.

    Resources whose ARN is not known before the deploy have no late-bound ARN.
    """
    known = _KNOWN.get(id(app.resources))
    if known is not None and known[0] is app.resources:
        return known[1]
    late_bound_arns: dict[str, str] = {}
    for resource in app.resources:
        late = arn_of(resource)
        arn = _literal_arn(resource)
        if late is None or arn is None:
            continue
        late_bound_arns[arn] = late
        if resource.type == "AWS::S3::Bucket":  # has no region or account, so people write its ARN whole
            late_bound_arns[arn.replace(tokens.PARTITION, "aws")] = late
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    own = OwnResources({resource.logical_id: resource for resource in app.resources}, late_bound_arns)
    _KNOWN[id(app.resources)] = (app.resources, own)
    return own


def _literal_arn(resource: Resource) -> str | None:
    """The ARN that a resource has by the name that it is given, late-bound in partition, region and account alone.

    None where it has no name of its own, or where the name does not make the whole ARN.
    """
    kind = resource_type(resource.type)
    if kind is None or kind.naming is None or kind.arn_ends or kind.naming.path:
        return None
    values = {name: tokens.textual(value) for name, value in resource.properties.items()}
    name = resource.properties.get(kind.naming.property)
    if not name or not isinstance(name, str):
        return None
    texts = {path: value for path, value in values.items() if isinstance(value, str)}
    arn = kind.arn_named(kind.naming.in_arn(name), tokens.PLACE, texts.get)
    return None if arn is None or any(sign in arn for sign in "*?") else arn
