"""`layer("layers/ffmpeg")`: a folder of the project as it lies under /opt, which the template makes a layer of."""

from __future__ import annotations

from typing import Final

from remit.app import LayerCode
from remit.declare.fitting import judged_at_once
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.project import current_load
from remit.project.late_bound import LateBound
from remit.project.plain_files import folder_of_project
from remit.resources.names import logical

_HINT: Final = 'such as layer("layers/ffmpeg"): a folder that has what lies under /opt, by its path from the project\'s'


@judged_at_once
def layer(folder: str) -> str:
    """The ARN of the version of a layer that the template makes of a folder, for `layers=[…]`.

    It is noted, so that the template makes it. RemitError: it is no text, there is no such folder in the project, or it
    is the project's own.
    """
    path, origin, state = tokens.plain(folder), writer(), current_load.current()
    if not isinstance(path, str):
        raise RemitError(f"layer takes a folder, got {described(folder)}", hint=_HINT, origin=origin)
    if state is not None:
        path = folder_of_project(state.folder, path, "a layer", _HINT, origin)
        if not path:
            raise RemitError("a layer cannot be the project's own folder", hint=_HINT, origin=origin)
    code = LayerCode(f"{logical(path)}Layer", path, origin=origin)
    if state is not None:
        state.layers.setdefault(path, code)  # by its path: two whose ids are the same are an error in the template
    return LateBound(code.ref, f'layer("{path}")')
