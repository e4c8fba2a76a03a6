"""What was done: closed alerts, by who, what and when."""
