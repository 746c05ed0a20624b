"""Looks inside a trained generator (section 6): its filters, its units, and what its layers do together."""
