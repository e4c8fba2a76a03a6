"""The self-check: a reading sent round the whole way every few seconds, and an alert when it does not come back."""
