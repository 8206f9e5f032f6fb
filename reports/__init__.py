"""What is said on paper, and how it is drawn."""
