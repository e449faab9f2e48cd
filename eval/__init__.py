"""Gold sets, measures, runs, reports and benchmarks."""
