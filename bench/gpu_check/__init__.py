"""What scripts/gpu-check runs after it has checked its arguments."""
