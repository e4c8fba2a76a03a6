"""The `shouwang` command."""
