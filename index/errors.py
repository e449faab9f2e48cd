"""The one family of errors of a wrong world. Each says what was found and the command that mends it.

A wrong argument is a ValueError that names the parameter first. Doors map these classes once, by `code`.
"""


class DossierError(Exception):
    """Something outside the program is not as it must be. `code` is stable and safe to show."""

    code = "error"


class FileRefused(DossierError):
    """A file cannot go in. Codes: empty, bad_type, parse_error, encrypted, no_text, too_large, too_complex, not_regular, unreadable, bad_encoding, hidden, changed, missing, quota; of pages also unreachable, private_address, robots, other_site."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class DirectoryOwned(DossierError):
    """Another process owns the data directory. `url` is its server, if it serves one."""

    code = "data-directory-owned"

    def __init__(self, message: str, *, url: str | None = None) -> None:
        super().__init__(message)
        self.url = url


class UnknownCollection(DossierError):
    code = "unknown-collection"


class UnknownDocument(DossierError):
    code = "unknown-document"


class NoOriginal(DossierError):
    """The file that a document was read from is not kept, or is damaged."""

    code = "no-original"


class NoPage(DossierError):
    """A document has no page of that number, or its kind of file has no pages that can be drawn."""

    code = "no-page"


class UnknownAnswer(DossierError):
    code = "unknown-answer"


class UnknownThread(DossierError):
    code = "unknown-thread"


class UnknownFeedback(DossierError):
    code = "unknown-feedback"


class FeedbackFull(DossierError):
    """A collection keeps only so much feedback; nothing of it is dropped silently."""

    code = "feedback-full"


class EmptyCollection(DossierError):
    code = "empty-collection"


class ModelChanged(DossierError):
    """The stored vectors were made by another model than the one in the settings."""

    code = "model-changed"


class ModelUnavailable(DossierError):
    """A model's files are missing or are not the ones expected."""

    code = "model-unavailable"


class StorageFailed(DossierError):
    """The disk is full, read-only, or the catalogue is damaged. What was acknowledged before is still there."""

    code = "storage-failed"


class Busy(DossierError):
    """Another change takes long; the same again in a while is done."""

    code = "busy"


class BackupRefused(DossierError):
    """A backup cannot be written where it was asked for, or a file is not a whole backup that this Dossier reads."""

    code = "backup-refused"


class SettingInvalid(DossierError):
    code = "setting-invalid"


class LanguageModelFailed(DossierError):
    """The LLM did not answer, or not in time. Callers fall back to the extractive answer.

    `reason` is one of `rag.llm.failure.REASONS`, for an answer to say.
    """

    code = "language-model-failed"

    def __init__(self, message: str, *, reason: str = "unusable") -> None:
        super().__init__(message)
        self.reason = reason
