"""Small helpers that every package may import: validation, scikit-learn compatibility."""
