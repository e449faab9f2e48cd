"""What the page does when something is pressed. Anyone can call these over HTTP, so each checks what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import DossierError, UnknownAnswer, UnknownCollection, UnknownDocument, UnknownThread
from index.values import Document
from rag.asking import NEW, Asking
from rag.values import Answer
from ui.desk import check_id, check_key
from ui.page.answer_view import answer_view
from ui.page.conversation_view import conversation_view
from ui.page.documents_view import documents_view, examples_view, header_view, said_view, welcome_view
from ui.page.examples import example_questions
from ui.page.source_view import gone_view, no_source_view, source_view
from ui.problems import PROBLEMS, Problem, of_error, unexpected
from ui.protocols import Dossier
from ui.requests import check_asked, check_length
from ui.words import VERDICTS, count, title_of

_LONGEST_COMMAND = 300


class Actions:
    """Every event of the page; each returns the new values of the components it changes.

    Uploads are not among them: `upload.js` sends files to the API like any other client, so they share its limits and queue.
    """

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._asking = Asking(dossier)

    def load(self) -> tuple[str, str, str, str, str]:
        """Header, examples, list, answer and source of a page that has just been opened."""
        try:
            documents = self._documents()
        except Exception as error:  # noqa: BLE001 - said on the page
            return header_view(()), "", _sorry(error), _sorry(error), no_source_view()
        return (*self._overview(documents), welcome_view(documents), no_source_view())

    def ask(self, question: str, thread: str) -> tuple[str, str, str, str, str]:
        """Answer, source and status; then the conversation that goes on with it, and what was asked in it before.

        Args:
            thread: The conversation; "" begins one.
        """
        try:
            text = _question(question, self._dossier.settings.max_question_chars)
            if not self._documents():
                return welcome_view(()), no_source_view(), said_view("There is nothing to search yet."), "", ""
            answer = self._ask(text, _key(thread) if thread else NEW)
            turns = self._asking.turns(answer.thread) if answer.thread else []
            shown = answer_view(answer, kept=bool(turns))
            said = said_view(_spoken(answer))
            return shown, self._first_source(answer), said, answer.thread or "", conversation_view(turns)
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), _sorry(error), "", ""

    def _ask(self, question: str, thread: str) -> Answer:
        """An answer in the conversation; in a new one when its turns are gone."""
        try:
            return self._asking.ask(question, thread=thread)
        except UnknownThread:
            return self._asking.ask(question, thread=NEW)

    def recall(self, command: str) -> tuple[str, str, str]:
        """Answer, source and status of an earlier turn."""
        try:
            answer = self._asking.kept(_key(command)).answer
            return answer_view(answer, kept=True), self._first_source(answer), said_view(_spoken(answer))
        except UnknownAnswer:
            return said_view("That answer is no longer kept."), no_source_view(), ""
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), _sorry(error)

    def begin(self) -> tuple[str, str, str, str, str]:
        """What `ask` returns, of a conversation in which nothing was asked yet."""
        try:
            return welcome_view(self._documents()), no_source_view(), said_view("A new conversation."), "", ""
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", no_source_view(), _sorry(error), "", ""

    def show(self, command: str) -> str:
        """The source panel for a reference as the buttons carry it: "ID START END"."""
        try:
            document_id, start, end = _reference(command)
            document = self._dossier.collection().document(document_id)
            if not start <= end <= len(document.text):
                raise Problem("invalid-request", "That is nothing this page can show.")
            return source_view(document, start, end)
        except (UnknownDocument, UnknownCollection):
            return gone_view()
        except Exception as error:  # noqa: BLE001 - said on the page
            return _sorry(error)

    def refresh(self) -> tuple[str, str, str]:
        """Header, examples and list, after something came or went."""
        try:
            return self._overview(self._documents())
        except Exception as error:  # noqa: BLE001 - said on the page
            return header_view(()), "", _sorry(error)

    def remove(self, command: str) -> str:
        """Report of the removal of one document."""
        try:
            collection = self._dossier.collection()
            document = collection.document(check_id(_short(command)))
            collection.remove(document.id)
            return said_view(f"Removed “{title_of(document)}”. It can no longer be cited.")
        except UnknownDocument:
            return said_view("That document was already removed.")
        except Exception as error:  # noqa: BLE001 - said on the page
            return _sorry(error)

    def turn(self, command: str) -> str:
        """The list of documents at another page."""
        try:
            return documents_view(self._documents(), _page(command))
        except Exception as error:  # noqa: BLE001 - said on the page
            return _sorry(error)

    def _documents(self) -> list[Document]:
        try:
            return self._dossier.collection().documents()
        except UnknownCollection:
            return []

    def _overview(self, documents: Sequence[Document]) -> tuple[str, str, str]:
        questions = example_questions(source for document in documents for source in document.sources)
        return header_view(documents), examples_view(questions), documents_view(documents)

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


def _short(command: str) -> str:
    """Raises Problem for what no button sends."""
    if not isinstance(command, str) or not command or len(command) > _LONGEST_COMMAND:
        raise Problem("invalid-request", "That is nothing this page can do.")
    return command


def _key(command: str) -> str:
    return check_key(_short(command), "id")


def _reference(command: str) -> tuple[str, int, int]:
    parts = _short(command).split(" ")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts[1:]):
        raise Problem("invalid-request", "That is nothing this page can show.")
    return check_id(parts[0]), int(parts[1]), int(parts[2])


def _page(command: str) -> int:
    text = _short(command)
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Problem("invalid-request", "There is no such page.")
    return int(text)


def _spoken(answer: Answer) -> str:
    """The result in one line, for those who hear the page."""
    found = count(len(answer.citations), "source") if answer.citations else None
    return ". ".join(part for part in (VERDICTS[answer.verdict], answer.short, found) if part) + "."


def _sorry(error: Exception) -> str:
    """What went wrong, without a word of the exception: its text may hold paths or what somebody sent."""
    if isinstance(error, DossierError):
        error = of_error(error)
    elif not isinstance(error, Problem):
        error = unexpected(error)
    title, detail = PROBLEMS[error.code][1], error.detail
    return said_view(detail if error.status_code < 500 else f"{title}. {detail}", alarm=True)
