"""The routes of collections: listed, made, removed with everything in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictStr

from rag.views import CollectionsView, CollectionView, RemovedCollectionView
from ui.access.caller import acting
from ui.desk import LocalDesk
from ui.http.idempotency import IdempotentRoute
from ui.http.openapi import problems
from ui.protocols import Dossier
from ui.requests import Strict

COLLECTION_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"


class CollectionRequest(Strict):
    name: Annotated[
        StrictStr, Field(pattern=COLLECTION_NAME, description="1 to 63 of a-z, 0-9, '_' and '-'.", examples=["harbour"])
    ]


def usual_collection(dossier: Dossier) -> str:
    """The collection meant when the caller names none."""
    return acting().own_default(dossier.settings.collection)


def collections(dossier: Dossier, desk: LocalDesk) -> APIRouter:
    router = APIRouter(prefix="/v1/collections", tags=["collections"], route_class=IdempotentRoute)

    @router.get("", summary="Every collection that the caller may see")
    def list_collections() -> CollectionsView:
        """Names, and how many documents and passages each holds. `usual` marks the one meant when none is named."""
        return desk.collections(usual_collection(dossier))

    @router.post(
        "",
        status_code=201,
        summary="Make an empty collection",
        openapi_extra=problems("unknown-collection", "collection-exists"),
    )
    def make_collection(wanted: CollectionRequest) -> CollectionView:
        """An upload to a collection that is not there makes it too."""
        acting().check(wanted.name, write=True)
        return desk.create_collection(wanted.name, usual_collection(dossier))

    @router.delete("/{name}", summary="Remove a collection: its documents, answers and feedback")
    def remove_collection(name: str) -> RemovedCollectionView:
        """It is out of reach at once, whatever still runs in it; its files are deleted before the response."""
        desk.remove_collection(name)
        return RemovedCollectionView(name=name)

    return router
