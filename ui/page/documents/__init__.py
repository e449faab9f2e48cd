"""The tab of the documents."""
