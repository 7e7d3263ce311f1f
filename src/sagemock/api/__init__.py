"""What AWS publishes: the service model, and what can be derived from it."""
