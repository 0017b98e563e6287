"""What `next_test` decides by: what is known, which loads, why, what to check, and the script."""
