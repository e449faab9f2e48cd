"""Opens a model in an ONNX file on the CPU. The one module that imports onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from onnxruntime import InferenceSession

    Session: TypeAlias = InferenceSession

_ERRORS_ONLY = 3


def open_session(model: bytes, *, weights: Path | None = None, optimise: bool = True) -> Session:
    """A session over a model that has been read, and whose hash has been checked, by the caller.

    Args:
        model: The content of the ONNX file.
        weights: Folder of the files that the model names as holding its weights; they are mapped, not copied.
        optimise: Look for operators that can be fused; false for a graph that was written fused, which then opens sooner.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import: without it, the library reports itself to its maker
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Threads that wait for work sleep: a command that asks one question would pay for their spinning, and so would its neighbours.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan of the memory for every shape of a batch that ever came: each is another size, and what is kept for it only grows.
    options.enable_mem_pattern = False
    if not optimise:
        options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    if weights is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])
