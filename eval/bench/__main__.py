"""`python -m eval.bench`: ratios of speed."""

from eval.bench.speed import app

if __name__ == "__main__":
    app(prog_name="python -m eval.bench")
