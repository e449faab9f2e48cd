"""The command line. Every command is short: a desk, one question, and what a person or a script reads."""
