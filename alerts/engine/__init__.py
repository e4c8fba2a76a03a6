"""The program that leads a shard: it judges what arrives and what does not, and learns at night."""
