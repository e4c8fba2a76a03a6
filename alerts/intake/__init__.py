"""How the fleet's state is kept in the database: the inbox, `latest`, and reading all of it back."""
