"""Who is asking: logins, sessions, passwords, and what an account sees of itself."""
