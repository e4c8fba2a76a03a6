"""Vendors once they are registered: cut off and let in again, taken out, and their accounts at the broker."""
