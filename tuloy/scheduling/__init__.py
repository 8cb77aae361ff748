"""Which step next: order, readiness, width."""
