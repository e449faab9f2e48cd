"""Peers as rows of the report: llama-index in our process, others installed beside it and asked through files."""
