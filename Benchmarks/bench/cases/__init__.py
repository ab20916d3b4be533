"""What is compared, a file for each comparison."""
