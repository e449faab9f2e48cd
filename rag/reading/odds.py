"""Log-odds to probabilities, in one place and safe at both ends."""

from __future__ import annotations

import math

_BEYOND = 30.0  # a probability so near to 0 or 1 that no further digit matters


def probability(log_odds: float) -> float:
    """The logistic function.

    >>> probability(0.0), probability(float("-inf")) < 1e-12
    (0.5, True)
    """
    return 1.0 / (1.0 + math.exp(-max(-_BEYOND, min(_BEYOND, log_odds))))
