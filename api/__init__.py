"""HTTP and server-sent events for operators, vendors and programs."""
