"""What one generator can imagine: transformed, mixed, added up and random objects (sections 5.1, 5.4-5.6)."""
