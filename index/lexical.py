"""The lexical index: BM25 with tantivy, on disk and incremental. A cache of the catalogue, and the one module that imports tantivy."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import tantivy
from tantivy import Filter, Occur, Query, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from index.dense import damage
from index.schema import storage_errors

WORDS = r"\p{N}+(?:[.,:]\p{N}+)*|\p{L}[\p{L}\p{M}\p{N}]*(?:['’]\p{L}+)*"
MAX_TERM_BYTES = 64
MAX_QUERY_CHARS = 20_000
MAX_QUERY_TERMS = 64
MAX_PHRASES = 8
TITLE_BOOST = 0.5
PHRASE_BOOST = 2.0
TIES = 16
HEAP_BYTES = 48_000_000

_STOP_TEXT = """a about after all am an and any are as at be because been before being between both but by can could did do does doing
    don't during each for from had has have having he her here hers him his how i if in into is it its it's me more most my no nor not of
    off on once only or other our out over own said same say says she should so some such tell than that that's the their them then there
    these they this those through to too under until up very was we were what what's when where which while who who's whom whose why
    will with would you your"""
STOP_WORDS = frozenset(_STOP_TEXT.split())

_QUOTED = re.compile(r'["“”„«]([^"“”„«»]{2,200})["“”»]')
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


def _analyzer(*, stop_words: bool) -> TextAnalyzer:
    """Numbers and words, lowercase, without accents, stemmed as English."""
    builder = TextAnalyzerBuilder(Tokenizer.regex(WORDS)).filter(Filter.remove_long(MAX_TERM_BYTES))
    builder = builder.filter(Filter.lowercase()).filter(Filter.ascii_fold())
    if stop_words:
        builder = builder.filter(Filter.custom_stopword(sorted(STOP_WORDS)))
    return builder.filter(Filter.stemmer("english")).build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("title", tokenizer_name="dossier", index_option="freq")
    builder.add_text_field("text", tokenizer_name="dossier", index_option="position")
    return builder.build()


class LexicalIndex:
    """BM25 search over chunk texts in one directory.

    Args:
        path: The index's directory; created when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with storage_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        self._all_words = _analyzer(stop_words=False)
        self._question_words = _analyzer(stop_words=True)
        self._write_lock = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        with damage(path):
            self._schema = _schema()
            self._index = tantivy.Index(self._schema, path=str(path), reuse=True)
            self._index.register_tokenizer("dossier", self._all_words)
            self._index.config_reader(reload_policy="manual")
            self._searcher = self._index.searcher()

    def close(self) -> None:
        """Wait for merges and release the directory."""
        with self._write_lock, damage(self.path):
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.wait_merging_threads()

    def count(self) -> int:
        with damage(self.path):
            return self._searcher.num_docs

    def ids(self) -> list[str]:
        """Every chunk id, in no order."""
        with damage(self.path):
            found = self._searcher.search(Query.all_query(), max(1, self._searcher.num_docs), count=False)
            return [self._searcher.doc(address)["chunk"][0] for _, address in found.hits]

    def apply(
        self,
        removed: Collection[str],
        ids: Sequence[str] = (),
        document_ids: Sequence[str] = (),
        titles: Sequence[str] = (),
        texts: Sequence[str] = (),
    ) -> None:
        """Delete the documents `removed`, then add the chunks, in one commit; searches see all of it or nothing.

        Chunks of a document that is stored already must have it among `removed`.
        """
        with self._write_lock, damage(self.path):
            if self._writer is None:
                self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
            try:
                for document_id in removed:
                    self._writer.delete_documents_by_term("document", document_id)
                for chunk_id, document_id, title, text in zip(ids, document_ids, titles, texts, strict=True):
                    self._writer.add_document(
                        tantivy.Document(chunk=chunk_id, document=document_id, title=title, text=text)
                    )
                self._writer.commit()
            except BaseException:
                self._writer = None  # dropped: what was not committed is forgotten
                raise
            self._index.reload()
            self._searcher = self._index.searcher()

    def search(self, query: str, top_k: int, *, documents: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, BM25 score), best first, among `documents` when given. Any text is a valid query."""
        searcher = self._searcher
        with damage(self.path):
            clauses = self._clauses(query, searcher)
            if not clauses:
                return []
            wanted = Query.boolean_query(clauses)
            if documents is not None:
                allowed = Query.const_score_query(Query.term_set_query(self._schema, "document", list(documents)), 0.0)
                wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, allowed)])
            hits = searcher.search(wanted, min(top_k + TIES, max(1, searcher.num_docs)), count=False).hits
            found = [(searcher.doc(address)["chunk"][0], float(score)) for score, address in hits]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:top_k]

    def has_words(self, text: str) -> bool:
        """False for a text that no query can find, such as a row of dashes."""
        return bool(self._all_words.analyze(text))

    def _clauses(self, query: str, searcher: tantivy.Searcher) -> list[tuple[Occur, Query]]:
        """One optional clause for each term of the query, and a stronger one for each quoted phrase."""
        query = query[:MAX_QUERY_CHARS].encode("utf-8", "replace").decode()
        terms = list(dict.fromkeys(self._question_words.analyze(query))) or list(
            dict.fromkeys(self._all_words.analyze(query))
        )
        terms += [twin for term in terms if (twin := _other_spelling(term)) and twin not in terms]
        if len(terms) > MAX_QUERY_TERMS:
            terms = sorted(terms, key=lambda term: (searcher.doc_freq("text", term) or 2**31, term))[:MAX_QUERY_TERMS]
        clauses = []
        for term in terms:
            clauses.append((Occur.Should, Query.term_query(self._schema, "text", term, "freq")))
            clauses.append(
                (Occur.Should, Query.boost_query(Query.term_query(self._schema, "title", term, "freq"), TITLE_BOOST))
            )
        for phrase in _QUOTED.findall(query)[:MAX_PHRASES]:
            words: list[str | tuple[int, str]] = [*self._all_words.analyze(phrase)]
            if len(words) > 1:
                clauses.append(
                    (Occur.Should, Query.boost_query(Query.phrase_query(self._schema, "text", words), PHRASE_BOOST))
                )
        return clauses


def _other_spelling(term: str) -> str | None:
    """The same whole number with or without thousands separators: "2,600" for "2600" and the reverse."""
    if _GROUPED.fullmatch(term):
        return term.replace(",", "")
    if term.isascii() and term.isdigit() and 4 <= len(term) <= 15 and term[0] != "0":
        return f"{int(term):,}"
    return None
