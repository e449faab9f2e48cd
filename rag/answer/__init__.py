"""From what was read and checked to the Answer: positions, disagreement, time, what is missing, prose."""
