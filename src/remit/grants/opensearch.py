"""Access to OpenSearch: `opensearch.read("search", "/products/*")`.

Source of the actions: "Actions, resources, and condition keys for Amazon OpenSearch Service" (Service Authorization
Reference). A domain is given by name, by ARN, or as a resource of the app, and paths as patterns, "*" when none is
given. A domain with fine-grained access control asks its own roles as well.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef
from remit.grants import typed

_DOMAIN: Final = typed.ResourceKind("es", "domain/{}", "domain")


@verb
def read(domain: AnyRef, *paths: str) -> typed.Grants:
    """Get documents, and whether there are any: es:ESHttpGet, es:ESHttpHead. Searches by POST are `search`."""
    return _on_domain("read", ("es:ESHttpGet", "es:ESHttpHead"), "reads", domain, paths)


@verb
def search(domain: AnyRef, *indexes: str) -> typed.Grants:
    """Search indexes by POST: es:ESHttpPost on their `_search` alone."""
    paths = tuple(f"{typed.text_of(index, 'opensearch.search')}/_search" for index in indexes or ("*",))
    return _on_domain("search", ("es:ESHttpPost",), "searches", domain, paths)


@verb
def write(domain: AnyRef, *paths: str) -> typed.Grants:
    """Put and post documents, and whatever else the API takes so: es:ESHttpPut, es:ESHttpPost, es:ESHttpPatch."""
    return _on_domain("write", ("es:ESHttpPut", "es:ESHttpPost", "es:ESHttpPatch"), "writes", domain, paths)


@verb
def delete(domain: AnyRef, *paths: str) -> typed.Grants:
    """Delete documents and indexes: es:ESHttpDelete."""
    return _on_domain("delete", ("es:ESHttpDelete",), "deletes", domain, paths)


@verb
def collection(collection: AnyRef) -> typed.Grants:
    """Use a collection of OpenSearch Serverless, by its id: aoss:APIAccessAll. Its data access policy says for what."""
    arn = typed.arn(collection, "opensearch.collection", typed.HERE % ("aoss", "collection/{}"))
    return typed.grant(("aoss:APIAccessAll",), (arn,), f"uses collection {arn.rpartition('/')[2]}")


def _on_domain(
    verb: str, actions: tuple[str, ...], phrase: str, domain: AnyRef, paths: tuple[str, ...]
) -> typed.Grants:
    """The grants of a verb on paths of a domain; on all of them where none are given. A leading slash goes."""
    spelled = f"opensearch.{verb}"
    arn, name = _DOMAIN.named(domain, spelled)
    patterns = tuple(typed.text_of(path, spelled).lstrip("/") for path in paths) or ("*",)
    resources = tuple(f"{arn}/{pattern}" for pattern in patterns)
    return typed.grant(actions, resources, f"{phrase} {', '.join(patterns)} of domain {name}")
