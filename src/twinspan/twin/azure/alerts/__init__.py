"""Metric alerts that really ring: evaluated on the twin's series, told by the alerts API and to webhooks."""
