"""TimescaleDB and the broker on a machine without a container engine."""
