"""The workflow: a study's steps, their execution by Snakemake and papermill, and the command line."""
