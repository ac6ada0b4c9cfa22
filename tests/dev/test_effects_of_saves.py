"""What a saved file leads to: a deploy, code that is served, or nothing."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from remit.app import App, Function, LayerCode
from remit.dev.loop import effect_of

DEPLOYED: Final = (
    "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.dev.toml", "requirements.txt",
    "requirements-dev.txt", "requirements.in", "setup.py", "setup.cfg", "functions/orders/requirements.txt",
    "layers/tool/bin/tool",
)  # fmt: skip
"""What uv, pip, Poetry and PDM read at the top of a project or of a root, and what is in a layer."""
OTHERS: Final = (
    "app.py", "shop/cart.py", "shop/requirements.txt", "shop/pyproject.toml", "notes.md", "config/deploy.py",
    "functions/requirements.txt", "layers/tools/x", "lock.py", "my_setup.py", "pyproject.toml.bak",
)  # fmt: skip

APP: Final = App(
    "orders",
    "dev",
    (Function("orders", "Orders", "handler.handler", {}, code="functions/orders"),),
    layers=(LayerCode("LayersToolLayer", "layers/tool"), LayerCode("Dependencies", "", "python3.13", "arm64")),
)


@given(
    files=st.sets(st.sampled_from(DEPLOYED + OTHERS), min_size=1), declared=st.booleans(),
    packed=st.booleans(),
)  # fmt: skip
def test_a_declaration_or_a_dependency_is_deployed_code_is_served_and_the_rest_does_nothing(
    *, files: set[str], declared: bool, packed: bool
) -> None:
    effect = effect_of(files, APP, is_declared_anew=declared, is_packed=packed)
    if declared or files & set(DEPLOYED):
        assert effect == "deploy"
    else:
        assert effect == ("serve" if packed else "none")
