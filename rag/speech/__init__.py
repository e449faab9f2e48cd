"""Who says a sentence, and how prose names the source."""
