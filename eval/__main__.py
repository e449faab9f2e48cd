"""`python -m eval GOLD.jsonl`: the same as `dossier eval`."""

from eval.run import app

if __name__ == "__main__":
    app(prog_name="python -m eval")
