"""Reads both clouds, real or twin, into the network model; acts on them."""
