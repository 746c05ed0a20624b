"""Randomness keyed by (seed, purpose, index), so that no result depends on the order of calls."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_of(seed: int, purpose: str, index: int = 0) -> int:
    """A 63-bit integer for (seed, purpose, index), the same on every machine and for ever."""
    text = f"{seed}\x1f{purpose}\x1f{index}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1


def generator(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A NumPy generator of its own for (seed, purpose, index)."""
    return np.random.Generator(np.random.PCG64(seed_of(seed, purpose, index)))
