"""Random numbers follow from (seed, purpose, index) alone."""

from __future__ import annotations

import hashlib

from infra.rng import generator, seed_of


def test_the_same_key_gives_the_same_numbers_whatever_was_drawn_before() -> None:
    first = generator(3, "chairs", 7).random(4)
    generator(3, "tables", 7).random(100)
    assert (generator(3, "chairs", 7).random(4) == first).all()


def test_any_other_key_gives_other_numbers() -> None:
    seeds = {seed_of(s, p, i) for s in range(5) for p in ("a", "b", "a1") for i in range(40)}
    assert len(seeds) == 5 * 3 * 40


def test_seeds_fit_torch_and_are_the_hash_they_are_said_to_be() -> None:
    expected = int.from_bytes(hashlib.sha256(b"1\x1fx\x1f2").digest()[:8], "little") >> 1
    assert seed_of(1, "x", 2) == expected < 2**63
