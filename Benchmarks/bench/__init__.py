"""Measures the three stages side by side with what people would use instead."""
