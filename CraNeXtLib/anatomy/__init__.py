"""What a skull is: the head and its pose, its regions, and how bone is found in a CT."""
