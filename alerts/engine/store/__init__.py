"""SQL of the engine's own tables: the inbox, `latest`, `life`, what is learned; and reading its state back."""
