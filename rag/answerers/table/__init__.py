"""Questions of tables: a cell looked up, the largest, a sum, a count. The row's words are found by the question's; nothing is computed by a model."""

from rag.answerers.table.answerer import TableAnswerer

__all__ = ["TableAnswerer"]
