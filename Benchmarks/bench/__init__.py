"""Measures the three stages and the tools that people would use instead."""
