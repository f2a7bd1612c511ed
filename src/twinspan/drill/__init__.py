"""Break one thing, measure the outage, heal."""
