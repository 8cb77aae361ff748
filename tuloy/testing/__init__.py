"""Fakes that speak the real protocol, shipped so that users can test their own set-ups with them."""
