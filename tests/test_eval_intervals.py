import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eval.intervals import (
    bootstrap_mean_of_means,
    bootstrap_ratio,
    bootstrap_statistic,
    paired_bootstrap,
    wilcoxon,
    wilson,
)


def test_wilson_gives_the_published_interval():
    interval = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


def test_wilson_has_width_where_every_case_succeeded():
    interval = wilson(20, 20)
    assert interval.high == 1
    assert 0.8 < interval.low < 0.9
    with pytest.raises(ValueError, match="n must be 1 or more, got 0"):
        wilson(0, 0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_within_0_and_1(case):
    interval = wilson(*case)
    assert 0 <= interval.low <= case[0] / case[1] + 1e-12
    assert case[0] / case[1] - 1e-12 <= interval.high <= 1


def test_the_bootstrap_of_a_mean_is_near_the_normal_interval_and_repeats():
    values = [number / 100 for number in range(101)]
    interval = bootstrap_ratio(values, [1.0] * 101)
    assert interval == bootstrap_ratio(values, [1.0] * 101)
    assert interval.low == pytest.approx(0.5 - 1.96 * 0.2915 / 101**0.5, abs=0.01)
    assert interval.high == pytest.approx(0.5 + 1.96 * 0.2915 / 101**0.5, abs=0.01)


def test_a_ratio_leaves_out_resamples_without_a_denominator():
    assert bootstrap_ratio([1.0, 0.0], [1.0, 0.0]).low == 1.0


def test_the_bootstrap_of_any_statistic_leaves_out_resamples_where_it_is_undefined():
    values = [0.0, 1.0]
    interval = bootstrap_statistic(2, lambda drawn: None if len(set(drawn)) == 1 else sum(values[i] for i in drawn))
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_two_equal_runs_do_not_differ():
    run = [(float(number % 2), 1.0) for number in range(40)]
    difference = paired_bootstrap(run, run)
    assert (difference.delta, difference.interval.low, difference.interval.high, difference.p) == (0, 0, 0, 1)


def test_a_small_fall_is_noise_and_a_large_one_is_not():
    before = [(1.0, 1.0)] * 40
    one_less = [(0.0, 1.0), *before[1:]]
    many_less = [(0.0, 1.0)] * 15 + before[15:]
    assert paired_bootstrap(one_less, before).interval.high == 0
    assert paired_bootstrap(many_less, before).interval.high < 0
    assert paired_bootstrap(many_less, before).p < 0.01


def test_runs_over_different_cases_are_refused():
    with pytest.raises(ValueError, match="same cases, 1 or more, got 1 and 2"):
        paired_bootstrap([(1.0, 1.0)], [(1.0, 1.0)] * 2)


scores = st.sampled_from([0.0, 0.25, 0.5, 0.63, 1.0])


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=60))
def test_the_signed_rank_test_agrees_with_scipy(pairs):
    ours, theirs = zip(*pairs, strict=True)
    p = wilcoxon(ours, theirs)
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    if not differing:
        assert p == 1.0
        return
    expected = stats.wilcoxon(*zip(*differing, strict=True), correction=True, method="approx").pvalue
    assert p == pytest.approx(min(1.0, expected), abs=1e-9)


def test_a_mean_of_means_counts_each_group_once_and_resamples_within_it():
    interval = bootstrap_mean_of_means([[1.0] * 90, [0.0] * 10])
    assert (interval.low, interval.high) == (0.5, 0.5)
    wide = bootstrap_mean_of_means([[0.0, 1.0] * 20])
    assert 0.3 < wide.low < 0.5 < wide.high < 0.7
    with pytest.raises(ValueError, match="1 or more groups"):
        bootstrap_mean_of_means([[]])
