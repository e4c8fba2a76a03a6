"""Who may use the console and the API: names, passwords, accounts and tokens."""


class Refusal(ValueError):
    """What was asked is refused; the message says what to do instead, and holds no secret."""
