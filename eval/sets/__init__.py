"""Public retrieval sets: read, indexed, ranked row by row, measured, reported."""
