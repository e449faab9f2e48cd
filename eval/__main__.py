"""`python -m eval GOLD.jsonl` is `dossier eval`; `python -m eval seeds` is `make eval`."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["seeds"]:
        from eval.seeds import main

        sys.exit(main(sys.argv[2:]))
    from eval.run import app

    app(prog_name="python -m eval")
