"""Know whose service-linked role a deploy may make: the service that iam:CreateServiceLinkedRole is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.types import deployment_of
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from remit.app import Resource
    from remit.deployer.declared import PlannedStack

_PROPERTY: Final = re.compile(r"\$\{(\w+)\}")


def linked(stack: PlannedStack, resource: Resource) -> tuple[str, ...]:
    """The services whose linked role a resource of this type may need; none: nobody knows."""
    services = []
    for service in deployment_of(resource.type).linked_roles:
        property_reference = _PROPERTY.match(service)
        if property_reference is None:
            services.append(service)
            continue
        for text in stack.texts(resource.properties.get(property_reference[1])):
            if UNKNOWN in text:
                return ()
            services.append(service.replace(property_reference[0], text))
    return tuple(services)
