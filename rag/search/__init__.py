"""A query to ranked passages, and which of them are read."""
