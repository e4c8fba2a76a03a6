"""From MQTT bytes to rows in the database."""
