"""Scalability laws fitted to measurements: `scalability` holds the laws and offers the fits."""
