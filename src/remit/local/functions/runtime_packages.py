"""The modules that Lambda's runtime has, in folders of their own: a function sees them, and nothing else of remit's."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.local.functions.worker_pool import Packages

if TYPE_CHECKING:
    from collections.abc import Iterable

RUNTIME: Final = ("awslambdaric", "simplejson", "snapshot_restore_py", "runtime_client")
"""What runs a function; the last is compiled for this Python alone."""
SDK: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's runtime offers to functions that bring no boto3."""

_STAND_IN: Final = Path(__file__).parent / "worker" / "runtime_client.py"


def packages(folder: Path) -> Packages:
    """Make the folders, of links to where this Python has the modules."""
    runtime, sdk = folder / "runtime", folder / "sdk"
    _link(runtime, RUNTIME)
    _link(sdk, SDK)
    stand_in = runtime / _STAND_IN.name
    if not stand_in.exists():
        stand_in.symlink_to(_STAND_IN)  # a compiled module of this name goes before it, where it fits the Python
    return Packages(runtime, (sdk,))


def _link(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        link = folder / target.name
        if not link.exists():
            link.symlink_to(target)
