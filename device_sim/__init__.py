"""Simulated homes with labelled incidents."""
