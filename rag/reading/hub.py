"""Readers and rerankers in the transformers format, from a folder or the local model cache. The one module that imports it here."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from index.errors import ModelUnavailable
from index.pickles import refuse_pickles
from rag.reading.encoder import Integers, Outputs


def local_folder(name: str) -> Path:
    """The folder of a model: itself, or its snapshot in the local cache. Nothing is downloaded. Raises ModelUnavailable."""
    folder = Path(name)
    if folder.is_dir():
        refuse_pickles(folder)
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"Model '{name}' is neither a folder nor in the local model cache. Set DOSSIER_READER or DOSSIER_RERANKER to a folder, "
            "or to 'packaged'."
        ) from error


class HubForward:
    """A span model (deepset/...) or a cross-encoder with one output (cross-encoder/...), in float32 with torch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _model(self) -> Any:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoModelForSequenceClassification

        try:
            config = AutoConfig.from_pretrained(self._folder, local_files_only=True)
            spans = any("QuestionAnswering" in name for name in config.architectures or ())
            loader: Any = AutoModelForQuestionAnswering if spans else AutoModelForSequenceClassification
            model = loader.from_pretrained(self._folder, local_files_only=True, dtype="float32")
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"{self._folder} holds no span model and no cross-encoder: {error}. Set DOSSIER_READER to another."
            ) from error
        return model.eval()

    def __call__(self, ids: Integers, mask: Integers, types: Integers) -> Outputs:
        import torch

        given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if getattr(self._model.config, "type_vocab_size", 0) > 1:
            given["token_type_ids"] = torch.from_numpy(types)
        with torch.inference_mode():
            found = self._model(**given)
        if hasattr(found, "start_logits"):
            return Outputs(found.start_logits.numpy(), found.end_logits.numpy(), None)
        return Outputs(None, None, found.logits[:, -1:].numpy())
