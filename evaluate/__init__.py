"""The fourth floor: one module per question asked of a trained generator."""
