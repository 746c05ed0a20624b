"""Experiments that compare trainings on the same pictures (sections 4.2 and 4.3)."""
