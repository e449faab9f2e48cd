"""Models by name: which there are, where each comes from, and where it lies on this machine."""
