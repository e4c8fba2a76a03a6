"""Who lives where, what hangs there, who may see it: homes, people, devices, vendors, accounts. Owns their tables."""
