"""Who answers a question that is no fact: one module a kind, behind `rag.answerers.answering.KindAnswerer`."""
