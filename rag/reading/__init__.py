"""Passages read by a small encoder: where they answer, how likely, and the extractive answer out of it."""
