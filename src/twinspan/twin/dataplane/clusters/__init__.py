"""The clusters' runtime: control planes, nodes, what runs on them and the faults that hit them."""
