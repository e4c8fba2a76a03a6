"""What can be installed and what is judged: device types, metrics, rules."""
