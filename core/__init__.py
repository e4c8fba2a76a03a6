"""What all programs share: settings, clock, database, migrations, wire records, catalogue. It imports no other room."""
