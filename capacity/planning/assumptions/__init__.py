"""What the answer rests on that no test measured, and what becomes of the answer when it is otherwise."""
