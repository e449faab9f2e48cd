"""What the corpus is and how it is searched: load, clean, date, chunk, embed, store, lexical, dense, ingest."""
