"""What an alert is: its states, what asks for a person, how it ends, how often it says so again. Pure."""
