"""One module per payload format, found by discovery."""
