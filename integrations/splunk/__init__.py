"""Splunk: shippers made for its HTTP Event Collector may send here instead."""
