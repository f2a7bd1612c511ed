"""Packets between hosts of both clouds: ping and iperf3."""
