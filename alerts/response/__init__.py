"""The owner of `alert` and `alert_event`: what is raised is written here, and here a person answers."""
