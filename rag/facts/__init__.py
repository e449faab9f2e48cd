"""What a text says as values that compare: words, numbers, dates, times, names, outcomes."""
