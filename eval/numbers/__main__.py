"""`python -m eval.numbers DATA`."""

from eval.numbers.run import app

if __name__ == "__main__":
    app(prog_name="python -m eval.numbers")
