"""The tab of the settings that matter."""
