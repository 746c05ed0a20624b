"""Chairs and stools."""
