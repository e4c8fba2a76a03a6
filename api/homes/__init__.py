"""Homes: lists, who lives there, how a day went."""
