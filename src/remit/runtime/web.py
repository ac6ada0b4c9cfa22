"""The handler of a web app: the framework's own object, behind the adapter that speaks its interface.

The template names the object (`shop.main:api`) in a variable of the function. Importing this module imports it, so
that the app starts while Lambda starts the function.
"""

from __future__ import annotations

import importlib
import inspect
import os

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


def adapted(app: Any, interface: str) -> Callable[[dict[str, Any], Any], Any]:
    """A handler that answers an HTTP API's or a function URL's event by an app."""
    adapter: Any
    if interface == "asgi":
        # Mangum runs the app in the current event loop. Python 3.12 warns where there is none, 3.14 makes none.
        asyncio: Any = importlib.import_module("asyncio")
        asyncio.set_event_loop(asyncio.new_event_loop())
        adapter = importlib.import_module("mangum").Mangum
    else:
        adapter = importlib.import_module("apig_wsgi").make_lambda_handler
    handle: Callable[[dict[str, Any], Any], Any] = adapter(app)
    return handle


if "REMIT_WEB_APP" in os.environ:
    served = web_app(os.environ["REMIT_WEB_APP"])
    handler = adapted(served, os.environ.get("REMIT_WEB_INTERFACE") or interface_of(served))
