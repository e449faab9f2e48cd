"""From a question to a checked answer: analyse, retrieve, fuse, select, read or generate, verify, compose."""
