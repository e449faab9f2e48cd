"""Who answers a command: this process, or the server that already owns the data directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import DirectoryOwned
from index.owner import read_owner

if TYPE_CHECKING:
    from rag.settings import Settings
    from ui.protocols import Desk


def open_desk(settings: Settings, *, llm: bool = False) -> Desk:
    """A desk over the data directory; close it after use.

    Args:
        llm: The command names an LLM of its own, which a server does not take from a caller.

    Raises:
        DirectoryOwned: Another process owns the directory and serves nothing, or `llm` is set and a server owns it.
    """
    owner = read_owner(settings.data)
    url = owner.url if owner is not None else None
    if url is None:
        from rag.build import open_dossier
        from ui.desk import LocalDesk

        try:
            return LocalDesk(open_dossier(settings))
        except DirectoryOwned as error:
            if error.url is None:
                raise
            url = error.url
    if llm:
        raise DirectoryOwned(
            f"The server at {url} owns {settings.data} and answers with its own LLM. Leave --llm out, "
            "or stop it and run: DOSSIER_LLM=URL dossier serve",
            url=url,
        )
    from ui.remote import RemoteDesk

    return RemoteDesk(url, settings)
