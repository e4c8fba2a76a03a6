"""From rows to findings, from findings to alerts, from alerts to people."""
