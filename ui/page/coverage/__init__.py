"""The tab where one thing is asked of every document."""
