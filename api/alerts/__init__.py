"""Alerts and what a person does with them."""
