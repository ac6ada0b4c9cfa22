"""The handler of a web app: the framework's own object, behind the adapter that speaks its interface.

The template names the object (`shop.main:api`) in a variable of the function. Importing this module imports it, so
that the app starts while Lambda starts the function.
"""

from __future__ import annotations

import importlib
import inspect
import os
from urllib.parse import unquote_to_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def web_app(target: str) -> Any:
    """The object that `module:name` names."""
    module, _, name = target.partition(":")
    app: Any = importlib.import_module(module)
    for part in name.split("."):
        app = getattr(app, part)
    return app


def interface_of(app: Any) -> str:
    """`asgi` for what is called with await, `wsgi` for any other object ("ASGI specification", PEP 3333)."""
    call = app if inspect.isfunction(app) else type(app).__call__
    return "asgi" if inspect.iscoroutinefunction(call) else "wsgi"


def adapted(app: Any, interface: str, *, begins: bool = True) -> Callable[[dict[str, Any], Any], Any]:
    """A handler that answers an API's or a function URL's event by an app.

    What an ASGI app does at its start is done at once, unless it `begins` elsewhere.
    """
    if interface == "wsgi":
        adapt: Any = importlib.import_module("apig_wsgi").make_lambda_handler
        # By itself it answers a REST API with text alone.
        wsgi_handler: Callable[[dict[str, Any], Any], Any] = adapt(_with_path(app), binary_support=True)
        return wsgi_handler
    # Mangum runs the app in the current event loop. Python 3.12 warns where there is none, 3.14 makes none.
    asyncio: Any = importlib.import_module("asyncio")
    asyncio.set_event_loop(asyncio.new_event_loop())
    adapter: Any = importlib.import_module("mangum").Mangum
    asgi_handler: Callable[[dict[str, Any], Any], Any] = adapter(_begun(app) if begins else app, lifespan="off")
    return asgi_handler


def _with_path(app: Any) -> Any:
    """A WSGI app whose path is what PEP 3333 asks for: the bytes of the path, each as a character of Latin-1.

    An HTTP API passes a path on with its escapes decoded, but that of `%`. apig-wsgi reads it as if all were escaped,
    as they are in the event of a REST API, which has no `rawPath`.
    """

    def with_path(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["apig_wsgi.full_event"].get("rawPath")
        if path is not None:
            environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        return app(environ, start_response)

    return with_path


def _begun(app: Any) -> Any:
    """An ASGI app whose lifespan has begun, once for all requests, as under a server.

    Mangum alone would begin and end it for each request. Lambda says nothing when it ends a process, so that what the
    app does at its end is never done.
    """
    cycle = importlib.import_module("mangum.protocols").LifespanCycle(app, "auto")
    cycle.__enter__()

    async def begun(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(cycle.lifespan_state)}, receive, send)

    return begun


if "REMIT_WEB_APP" in os.environ:
    served = web_app(os.environ["REMIT_WEB_APP"])
    handler = adapted(served, os.environ.get("REMIT_WEB_INTERFACE") or interface_of(served))
