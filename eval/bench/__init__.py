"""Benchmarks: `python -m eval.bench` against the bare libraries, `python -m eval.bench.lexical` among lexical indexes."""
