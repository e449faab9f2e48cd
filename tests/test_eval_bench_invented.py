from eval.bench.invented import invented_questions, write_articles


def test_the_same_seed_writes_the_same_articles_and_another_writes_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_articles(tmp_path / name, 3, seed=seed)
    texts = {name: [path.read_text() for path in sorted((tmp_path / name).iterdir())] for name in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]
    assert len(set(texts["a"])) == 3


def test_an_article_has_front_matter_with_a_date_and_paragraphs_without_gaps(tmp_path):
    write_articles(tmp_path, 5)
    for path in tmp_path.iterdir():
        _, head, body = path.read_text().split("---\n", 2)
        assert {"title", "publisher", "author", "published"} == {line.split(":")[0] for line in head.splitlines()}
        assert len(body.strip().split("\n\n")) == 9
        assert "{" not in body
        assert 2000 < len(body) < 8000


def test_questions_are_as_many_as_wanted_and_mostly_different():
    questions = list(invented_questions(200))
    assert len(questions) == 200
    assert len(set(questions)) > 190
