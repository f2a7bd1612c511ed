"""The local twin: both APIs on one machine with a real data plane behind them."""
