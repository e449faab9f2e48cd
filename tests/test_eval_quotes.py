import pytest

from eval.quotes import check_quotes, random_questions, statement_faults, summary
from tests.eval_fakes import FakePipeline, MemoryCorpus


def test_the_same_seed_makes_the_same_questions_and_another_makes_others():
    documents = MemoryCorpus().documents()
    questions = random_questions(documents, 200)
    assert questions == random_questions(documents, 200)
    assert questions != random_questions(documents, 200, seed=1)
    assert len({question for _, question in questions}) > 120
    assert all(question.strip() for _, question in questions)


def test_every_way_to_make_a_question_has_an_equal_part():
    kinds = [kind for kind, _ in random_questions(MemoryCorpus().documents(), 1000)]
    assert {kinds.count(kind) for kind in kinds} == {100}


def test_documents_without_a_sentence_are_refused():
    with pytest.raises(ValueError, match="1 or more sentences"):
        random_questions(MemoryCorpus({"a.md": "- 7"}).documents(), 10)


def test_honest_quotes_pass_and_are_counted():
    corpus = MemoryCorpus()
    found = check_quotes(FakePipeline(corpus), corpus, random_questions(corpus.documents(), 100))
    assert found.failures == ()
    assert found.questions == sum(found.verdicts.values()) == 100
    assert found.citations > 50
    assert found.statements == found.citations
    assert "0 faults; at 95 % at most" in summary(found)


def test_a_quote_one_character_off_is_a_failure_with_its_question():
    corpus = MemoryCorpus()
    found = check_quotes(FakePipeline(corpus, shift=1), corpus, [("name", "Who runs the harbour at Sel?")])
    assert len(found.failures) == found.citations > 0
    assert found.failures[0].startswith("'Who runs the harbour at Sel?': [1] quotes")
    assert "faults;" not in summary(found)


def test_a_statement_in_other_words_than_its_quote_is_a_failure():
    answer = FakePipeline(MemoryCorpus()).answer("Who rebuilt the mill with workers?")
    assert statement_faults(answer) == []
    reworded = answer.model_copy(
        update={"statements": (answer.statements[0].model_copy(update={"text": "Nobody did."}),)}
    )
    assert statement_faults(reworded) == ["statement 'Nobody did.' is in none of its quotes"]
    assert statement_faults(reworded.model_copy(update={"answered_by": "llm:x"})) == []
