"""Claims of one subject and one attribute by several sources: their values compared, who holds which, and whether they contradict."""
