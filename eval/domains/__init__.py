"""Corpora with questions: a folder of files and a gold file, asked whole and counted by domain and by kind."""
