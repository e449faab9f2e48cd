"""What is asked: the kind of a question."""
