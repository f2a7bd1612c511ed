"""CloudWatch alarms that are evaluated: on the twin's own series, with SNS behind them."""
