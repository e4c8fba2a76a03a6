"""One module per detector rule, found by discovery."""
