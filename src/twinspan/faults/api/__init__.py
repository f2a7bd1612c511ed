"""Faults made through the clouds' APIs: on a twin and on real accounts."""
