"""Terminals: lists, one terminal, what it has sent."""
