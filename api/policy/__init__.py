"""What is set of the rules: for a home, for an area, and what is quieter anywhere."""
