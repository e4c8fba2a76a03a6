"""The shared vocabulary: settings, database, catalogue, registry. Every program imports it; it imports none."""
