"""What was refused, and its replay."""
