from hypothesis import given
from hypothesis import strategies as st

from rag.fuse import reciprocal_rank_fusion

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
