"""From readings to findings, and from findings to what becomes of alerts. Pure: no SQL, no clock, no I/O."""
