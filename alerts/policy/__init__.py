"""What can be set of the rules, how a value comes about at one place, and what an assessment sets by itself. Pure."""
