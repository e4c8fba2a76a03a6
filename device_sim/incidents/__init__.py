"""One module per simulated incident, found by discovery."""
