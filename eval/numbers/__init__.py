"""What reading, refusing, supporting, chunking and the whole route reach: `python -m eval.numbers DATA`."""
