"""The SQL of the API, one module per noun. Every query of people or homes is scoped by the caller's area."""
