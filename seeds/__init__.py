"""Five sample documents, written for this project, that a fresh clone can be asked about."""
