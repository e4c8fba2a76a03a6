"""Whether the whole works: what the programs say of themselves, and the verdict."""
