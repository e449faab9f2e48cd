"""What the page does when something is pressed. Anyone can call these over HTTP, so each checks what it is given."""

from __future__ import annotations

from index.errors import UnknownAnswer, UnknownCollection, UnknownDocument, UnknownThread
from index.values import Document
from rag.asking import NEW, Asking
from rag.values import Answer
from ui.page.answer_view import answer_view
from ui.page.conversation_view import conversation_view
from ui.page.examples import example_questions
from ui.page.header_view import examples_view, welcome_view
from ui.page.pressed import key, reference
from ui.page.said import said_view, sorry
from ui.page.source_view import gone_view, no_source_view, source_view
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import check_asked, check_length
from ui.words import VERDICTS, count


class Actions:
    """Every event of the tab; each returns the new values of the components it changes."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._asking = Asking(dossier)

    def load(self) -> tuple[str, str]:
        """Answer and source of a page that has just been opened."""
        try:
            return welcome_view(self._documents()), no_source_view()
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error), no_source_view()

    def examples(self) -> str:
        """Questions to begin with, as the documents are now."""
        try:
            return examples_view(example_questions(source for one in self._documents() for source in one.sources))
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def ask(self, question: str, thread: str) -> tuple[str, str, str, str, str]:
        """Answer, source and status; then the conversation that goes on with it, and what was asked in it before.

        Args:
            thread: The conversation; "" begins one.
        """
        try:
            text = _question(question, self._dossier.settings.max_question_chars)
            if not self._documents():
                return welcome_view(()), no_source_view(), said_view("There is nothing to search yet."), "", ""
            answer = self._ask(text, key(thread) if thread else NEW)
            turns = self._asking.turns(answer.thread) if answer.thread else []
            shown = answer_view(answer, kept=bool(turns))
            said = said_view(_spoken(answer))
            return shown, self._first_source(answer), said, answer.thread or "", conversation_view(turns)
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), sorry(error), "", ""

    def _ask(self, question: str, thread: str) -> Answer:
        """An answer in the conversation; in a new one when its turns are gone."""
        try:
            return self._asking.ask(question, thread=thread)
        except UnknownThread:
            return self._asking.ask(question, thread=NEW)

    def recall(self, command: str) -> tuple[str, str, str]:
        """Answer, source and status of an earlier turn."""
        try:
            answer = self._asking.kept(key(command)).answer
            return answer_view(answer, kept=True), self._first_source(answer), said_view(_spoken(answer))
        except UnknownAnswer:
            return said_view("That answer is no longer kept."), no_source_view(), ""
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), sorry(error)

    def begin(self) -> tuple[str, str, str, str, str]:
        """What `ask` returns, of a conversation in which nothing was asked yet."""
        try:
            return welcome_view(self._documents()), no_source_view(), said_view("A new conversation."), "", ""
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), sorry(error), "", ""

    def show(self, command: str) -> str:
        """The source panel for a reference as the buttons carry it: "ID START END"."""
        try:
            document_id, start, end = reference(command)
            document = self._dossier.collection().document(document_id)
            if not start <= end <= len(document.text):
                raise Problem("invalid-request", "That is nothing this page can show.")
            return source_view(document, start, end)
        except (UnknownDocument, UnknownCollection):
            return gone_view()
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def _documents(self) -> list[Document]:
        try:
            return self._dossier.collection().documents()
        except UnknownCollection:
            return []

    def _first_source(self, answer: Answer) -> str:
        if not answer.citations:
            return no_source_view()
        first = answer.citations[0]
        try:
            return source_view(self._dossier.collection().document(first.document_id), first.start, first.end)
        except UnknownDocument:
            return gone_view()


def _question(question: str, longest: int) -> str:
    if not isinstance(question, str):
        raise Problem("invalid-request", "The question must be text.")
    check_length(question, longest, "question")
    try:
        return check_asked(question)
    except ValueError:
        raise Problem("invalid-request", "Type a question first.") from None


def _spoken(answer: Answer) -> str:
    """The result in one line, for those who hear the page."""
    found = count(len(answer.citations), "source") if answer.citations else None
    return ". ".join(part for part in (VERDICTS[answer.verdict], answer.short, found) if part) + "."
