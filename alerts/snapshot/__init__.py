"""The engine's state as the database has it, read in bulk."""
