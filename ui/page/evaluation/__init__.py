"""The tab of the last evaluation."""
