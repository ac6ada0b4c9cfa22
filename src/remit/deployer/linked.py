"""Know whose service-linked role a deploy may make: the service that iam:CreateServiceLinkedRole is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.types import deployment_of
from remit.deployer.declared import OPEN, texts

if TYPE_CHECKING:
    from remit.deployer.declared import Declared, Stack

_PROPERTY: Final = re.compile(r"\$\{(\w+)\}")


def linked(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The services whose linked role a resource of this type may need; none: nobody knows."""
    services = []
    for service in deployment_of(declared.type).linked_roles:
        named = _PROPERTY.match(service)
        if named is None:
            services.append(service)
            continue
        for text in texts(stack, declared.properties.get(named[1])):
            if OPEN in text:
                return ()
            services.append(service.replace(named[0], text))
    return tuple(services)
