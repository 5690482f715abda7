"""Training: recipes, batches, augmentation, fit."""
