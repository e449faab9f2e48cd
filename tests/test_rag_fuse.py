from hypothesis import given
from hypothesis import strategies as st

from rag.search.fuse import fuse_ranks, fuse_scores, interleave, reciprocal_rank_fusion

rankings = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=4)


@given(rankings)
def test_every_id_comes_out_once(given_rankings: list[list[str]]) -> None:
    fused = [chunk_id for chunk_id, _ in reciprocal_rank_fusion(given_rankings)]
    assert sorted(fused) == sorted({chunk_id for ranking in given_rankings for chunk_id in ranking})


@given(rankings)
def test_scores_fall(given_rankings: list[list[str]]) -> None:
    scores = [score for _, score in reciprocal_rank_fusion(given_rankings)]
    assert scores == sorted(scores, reverse=True)


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1))
def test_two_equal_rankings_keep_their_order(ranking: list[str]) -> None:
    assert [chunk_id for chunk_id, _ in reciprocal_rank_fusion([ranking, ranking])] == ranking


def test_a_chunk_that_both_sides_find_beats_the_first_of_one_side() -> None:
    assert reciprocal_rank_fusion([["a", "b"], ["c", "b"]])[0][0] == "b"


def test_ties_fall_back_to_id_order() -> None:
    assert [chunk_id for chunk_id, _ in reciprocal_rank_fusion([["z"], ["a"]])] == ["a", "z"]


def test_where_cosines_lie_close_the_words_decide() -> None:
    dense = [("a", 0.31), ("b", 0.30)]
    assert fuse_scores(dense, [("b", 9.0), ("a", 3.0)], lexical_weight=0.4)[0][0] == "b"


def test_where_the_words_are_shared_by_all_the_meaning_decides() -> None:
    dense = [("a", 0.8), ("b", 0.4)]
    assert fuse_scores(dense, [("b", 9.0), ("a", 8.8)], lexical_weight=0.4)[0][0] == "a"


def test_a_passage_that_only_the_words_found_gets_the_lowest_cosine() -> None:
    fused = dict(fuse_scores([("a", 0.8), ("b", 0.4)], [("c", 5.0)], lexical_weight=0.5))
    assert fused == {"a": 0.8, "b": 0.4, "c": 0.9}


def test_fusion_of_nothing_is_nothing() -> None:
    assert fuse_scores([], [], lexical_weight=0.4) == fuse_ranks([], [], k=60) == []


def test_rank_fusion_gives_one_to_what_is_first_on_both_sides() -> None:
    assert fuse_ranks([("a", 0.9)], [("a", 7.0)], k=60) == [("a", 1.0)]


@given(rankings)
def test_interleaving_keeps_every_id_once_and_the_first_first(given_rankings: list[list[str]]) -> None:
    mixed = interleave(given_rankings)
    assert sorted(mixed) == sorted({chunk_id for ranking in given_rankings for chunk_id in ranking})
    firsts = list(dict.fromkeys(ranking[0] for ranking in given_rankings if ranking))
    assert mixed[: len(firsts)] == firsts
