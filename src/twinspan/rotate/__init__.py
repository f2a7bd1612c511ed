"""Change the pre-shared keys of tunnels one after the other, while the others carry the traffic."""
