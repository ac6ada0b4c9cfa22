"""Turn a bare Python into the Lambda runtime of a function, and run it: the program of a worker.

It runs as `python -I -S launch.py SETTINGS`, in the Python of the function, and so imports nothing of remit. SETTINGS
is a JSON object that `worker_launch.py` writes. Source of the order of the search path: "Working with .zip file
archives for Python Lambda functions"; of the limits: "Lambda quotas".
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import site
import sys

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Become the function's runtime; this ends when the function's process ends."""
    settings = json.loads(sys.argv[1])
    sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - pathlib takes milliseconds
    if settings["wall"]:
        importlib.import_module(settings["wall"]["module"]).enter(settings["wall"])
    set_limits(settings)
    project = settings.get("debugger", {}).get("project", "")
    places = importlib.import_module("call_places").CallPlaces(settings["task"], project)
    if project:
        importlib.import_module("source_names").name_after(settings["task"], project)
    sys.path[:] = search_path(settings, sys.path[1:])
    site.setquit()  # what Python has where it is not told to look for no packages (-S)
    site.setcopyright()
    site.sethelper()
    sys.dont_write_bytecode = settings["served"]
    os.chdir(settings["task"])
    places.install()
    if "debugger" in settings:
        wait_for_debugger(settings["debugger"]["packages"], settings["debugger"]["port"])
    key = os.environ.pop("_REMIT_RUNTIME_KEY", "")
    client = importlib.import_module("awslambdaric.lambda_runtime_client")
    if hasattr(client.runtime_client, "set_key"):  # the stand-in, which proves by a secret who it is
        client.runtime_client.set_key(key)
        client.BaseLambdaRuntimeClient.call_rapid = client.runtime_client.call_rapid
    sys.argv[:] = ["bootstrap.py", settings["handler"]]
    importlib.import_module("awslambdaric.__main__").main(sys.argv)


def wait_for_debugger(packages: str, port: int) -> None:
    """Connect to a debugger at a port of this machine, and wait until it is ready, before the function is loaded."""
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # of frozen modules, which nobody debugs here
    sys.path.append(packages)
    debugger = importlib.import_module("debugpy")
    debugger.connect(("127.0.0.1", port))
    debugger.wait_for_client()


def set_limits(settings: dict[str, Any]) -> None:
    """Bound what the function may take of this machine: core dumps, files, sizes of files, processes, memory."""
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, settings["files"])
    beyond = 1 << 20 if settings["wall"] and settings["wall"]["private"] else 0  # its own /tmp is full before
    limit(resource.RLIMIT_FSIZE, settings["storage_bytes"] + beyond)
    if settings["wall"] and settings["wall"]["module"] == "wall":
        limit(resource.RLIMIT_NPROC, settings["processes"])  # of its namespace; elsewhere the user's others count, too
    if sys.platform == "linux":
        limit(resource.RLIMIT_DATA, settings["memory_bytes"])


def limit(kind: int, value: int) -> None:
    """Set a limit of this process and of all that it starts; one that is lower already stays."""
    _, highest = resource.getrlimit(kind)
    if highest != resource.RLIM_INFINITY:
        value = min(value, highest)
    resource.setrlimit(kind, (value, value))


def search_path(settings: dict[str, Any], pythons: list[str]) -> list[str]:
    """Return the search path of modules: the function, its layers, the runtime, Python's own, and last the SDK."""
    own = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return [settings["task"], *settings["further"], *own, *settings["runtime"], *pythons, settings["sdk"]]


if __name__ == "__main__":
    main()
