"""What a GGUF file says of itself in its first lines, read without loading it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from index.errors import ModelUnavailable

_STRING, _ARRAY = 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_MOST_KEYS = 64  # the architecture is the first or close to it
_MOST_CHARS = 1 << 16
_KEY = "general.architecture"
# Architectures of llama.cpp that read and do not write.
_WITHOUT_WORDS = frozenset(
    {
        "bert", "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "eurobert", "jina-bert-v2", "jina-bert-v3",
        "gemma-embedding", "llama-embed", "t5encoder", "clip", "wavtokenizer-dec", "whisper",
    }
)  # fmt: skip


def architecture(path: Path) -> str | None:
    """The architecture that a GGUF file names; None when it names none near its beginning, or is damaged there."""
    try:
        with path.open("rb") as file:
            magic, version, _, keys = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or version < 2:
                return None
            for _ in range(min(keys, _MOST_KEYS)):
                key, kind = _text(file), _number(file, "<I")
                if key == _KEY and kind == _STRING:
                    return _text(file)
                _skip(file, kind)
    except (OSError, OverflowError, ValueError, struct.error):
        return None
    return None


def check_writes(path: Path) -> None:
    """Raises ModelUnavailable when the file holds a model that cannot write."""
    found = architecture(path)
    if found in _WITHOUT_WORDS:
        raise ModelUnavailable(
            f"{path} holds a model of architecture '{found}', which writes no answers. Name a language model, "
            "or get one: dossier models list"
        )


def _text(file: BinaryIO) -> str:
    size = _number(file, "<Q")
    if size > _MOST_CHARS:
        raise ValueError("too long")
    read = file.read(size)
    if len(read) < size:
        raise ValueError("it ends early")
    return read.decode("utf-8")


def _number(file: BinaryIO, form: str) -> int:
    [number] = struct.unpack(form, file.read(struct.calcsize(form)))
    return int(number)


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        _text(file)
    elif kind == _ARRAY:
        of, count = _number(file, "<I"), _number(file, "<Q")
        if of not in _SIZES:  # long lists of words come after the architecture
            raise ValueError("no plain list")
        file.seek(_SIZES[of] * count, 1)
    elif kind in _SIZES:
        file.seek(_SIZES[kind], 1)
    else:
        raise ValueError(f"no value is of kind {kind}")
