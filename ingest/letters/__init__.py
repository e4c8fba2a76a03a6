"""The owner of `dead_letter`: what was refused is kept here, listed, answered for, and taken once more."""
