"""The lexical index: BM25 with tantivy, on disk and incremental. A cache of the catalogue; only this and its analysis import tantivy."""

from __future__ import annotations

import json
import os
import re
import struct
import threading
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from index.analysis import asked_terms, terms
from index.dense import damage
from index.language import ENGLISH, LANGUAGES
from index.schema import storage_errors

MAX_QUERY_CHARS = 20_000
MAX_QUERY_TERMS = 64
MAX_PHRASES = 8
TITLE_BOOST = 0.5
PHRASE_BOOST = 2.0
TIES = 16
HEAP_BYTES = 48_000_000
UNKNOWN = "und"

_LANGUAGES = (UNKNOWN, *sorted(LANGUAGES))

_FOOTER_END = struct.Struct("<II")
_MAGIC = 1337
_WITHOUT_CHECKSUM = (".json", ".lock")
_BLOCK_BYTES = 1024 * 1024

_QUOTED = re.compile(r'["“”„«]([^"“”„«»]{2,200})["“”»]')
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="position")
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
        self._write_lock = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        with damage(path):
            self._schema = _schema()
            self._index = tantivy.Index(self._schema, path=str(path), reuse=True)
            self._index.config_reader(reload_policy="manual")
            self._searcher = self._index.searcher()
            self._spoken = _spoken(self._searcher)

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
        languages: Sequence[str | None] = (),
    ) -> None:
        """Delete the documents `removed`, then add the chunks, in one commit; searches see all of it or nothing.

        Chunks of a document that is stored already must have it among `removed`. What is stored are the terms of a chunk by
        the rules of its language, so that texts in several languages share one ranking.

        Args:
            languages: Of each chunk's document; all unknown when left out.
        """
        with self._write_lock, damage(self.path):
            if self._writer is None:
                self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
            try:
                for document_id in removed:
                    self._writer.delete_documents_by_term("document", document_id)
                rows = zip(ids, document_ids, titles, texts, languages or [None] * len(ids), strict=True)
                for chunk_id, document_id, title, text, language in rows:
                    self._writer.add_document(
                        tantivy.Document(
                            chunk=chunk_id,
                            document=document_id,
                            language=language or UNKNOWN,
                            title=" ".join(terms(title, language)),
                            text=" ".join(terms(text, language)),
                        )
                    )
                self._writer.commit()
            except BaseException:
                self._writer = None  # dropped: what was not committed is forgotten
                raise
            self._index.reload()
            self._searcher = self._index.searcher()
            self._spoken = _spoken(self._searcher)

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

    def _clauses(self, query: str, searcher: tantivy.Searcher) -> list[tuple[Occur, Query]]:
        """One optional clause for each term of the query, and a stronger one for each quoted phrase."""
        query = query[:MAX_QUERY_CHARS].encode("utf-8", "replace").decode()
        wanted = asked_terms(query, self._spoken)
        wanted += [twin for term in wanted if (twin := _other_spelling(term)) and twin not in wanted]
        if len(wanted) > MAX_QUERY_TERMS:
            wanted = sorted(wanted, key=lambda term: (searcher.doc_freq("text", term) or 2**31, term))[:MAX_QUERY_TERMS]
        clauses = []
        for term in wanted:
            clauses.append((Occur.Should, Query.term_query(self._schema, "text", term, "freq")))
            clauses.append(
                (Occur.Should, Query.boost_query(Query.term_query(self._schema, "title", term, "freq"), TITLE_BOOST))
            )
        for phrase in _QUOTED.findall(query)[:MAX_PHRASES]:
            for words in dict.fromkeys(tuple(terms(phrase, language)) for language in self._spoken or [ENGLISH]):
                if len(words) > 1:
                    found = Query.phrase_query(self._schema, "text", [*words])
                    clauses.append((Occur.Should, Query.boost_query(found, PHRASE_BOOST)))
        return clauses


def damaged_files(path: Path) -> list[str]:
    """Names of the files of an index that are not what the library wrote: each ends with the checksum of what is before it.

    The library itself looks at them only when it is asked to, which its binding does not offer.
    """
    with storage_errors(path):
        return [
            file.name
            for file in sorted(path.glob("*"))
            if file.is_file() and file.suffix not in _WITHOUT_CHECKSUM and not _is_whole(file)
        ]


def _is_whole(file: Path) -> bool:
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _FOOTER_END.size))
        try:
            length, magic = _FOOTER_END.unpack(stream.read())
            body = size - _FOOTER_END.size - length
            stream.seek(body)
            kept = json.loads(stream.read(length))["crc"]
        except (struct.error, OSError, ValueError, KeyError, TypeError):
            return False
        stream.seek(0)
        found = 0
        while body > 0 and (block := stream.read(min(body, _BLOCK_BYTES))):
            found, body = zlib.crc32(block, found), body - len(block)
    return bool(magic == _MAGIC and found == kept)


def _spoken(searcher: tantivy.Searcher) -> list[str]:
    """The languages of what is indexed; a text whose language is not known is analysed as English."""
    held = (language for language in _LANGUAGES if searcher.doc_freq("language", language))
    return list(dict.fromkeys(ENGLISH if language == UNKNOWN else language for language in held))


def _other_spelling(term: str) -> str | None:
    """The same whole number with or without thousands separators: "2,600" for "2600" and the reverse."""
    if _GROUPED.fullmatch(term):
        return term.replace(",", "")
    if term.isascii() and term.isdigit() and 4 <= len(term) <= 15 and term[0] != "0":
        return f"{int(term):,}"
    return None
