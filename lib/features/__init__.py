"""Features: spectrograms, slices, MFCC statistics, descriptors."""
