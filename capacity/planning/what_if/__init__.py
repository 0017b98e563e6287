"""The plan's numbers if one of its assumptions were otherwise, and what that changes."""
