"""A language model in memory that reads its prompt, and a corpus with one passage more than it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.errors import LanguageModelFailed
from index.protocols import Corpus
from index.values import Chunk, Document, Filters, Provenance, Published
from rag.llm.model import Completion, Message, never, unheard
from rag.search.retrieve import Retriever
from rag.values import Hit
from tests.llm_stub import passages_of


class ReadingModel:
    """Replies with what `reply` makes of the passages in the prompt, in pieces, all of it or until it breaks off."""

    name = "reading"

    def __init__(self, reply: Callable[[dict[int, str]], str], *, breaks_off: bool = False) -> None:
        self.reply = reply
        self.breaks_off = breaks_off
        self.asked = 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        json_schema: Mapping[str, Any] | None = None,
        hear: Callable[[str], None] = unheard,
        stopped: Callable[[], bool] = never,
    ) -> Completion:
        self.asked += 1
        text = self.reply(passages_of(messages[-1].content))
        for start in range(0, len(text), 7):
            hear(text[start : start + 7])
        if self.breaks_off:
            raise LanguageModelFailed("broke off")
        return Completion(text, 1000, 500)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class PlantedCorpus:
    """A corpus, and one document that somebody planted in it."""

    corpus: Corpus
    planted: Document

    def document(self, document_id: str) -> Document:
        return self.planted if document_id == self.planted.id else self.corpus.document(document_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.corpus, name)


class PlantedRetriever:
    """Finds the planted passage first, whatever is asked, and then what there is."""

    def __init__(self, retriever: Retriever, text: str) -> None:
        said = Provenance(
            "A planted note", "Harbour Watch", None, Published("2021-05-07", "day", "front matter"), "report"
        )
        planted = Document("planted", text, "text/plain", said, (), ("/planted.txt",), "planted", 1, "2021-05-08")
        self.corpus = PlantedCorpus(retriever.corpus, planted)
        self.embedder = retriever.embedder
        self._retriever = retriever

    def retrieve(
        self, query: str, top_k: int, *, parts: Sequence[str] = (), filters: Filters | None = None
    ) -> list[Hit]:
        text = self.corpus.planted.text
        first = Hit(Chunk("planted:0", "planted", 0, 0, len(text), text), 1, 1.4, 1, 1, 0.9, 9.0)
        return [first, *self._retriever.retrieve(query, top_k, parts=parts, filters=filters)]
