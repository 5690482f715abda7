"""The site: one page per notebook and an overview, built by nbconvert with the project's own template.

The pages open from disk, run no script but the two that their policy names by hash, and fetch nothing from anywhere;
``python -m lib.workflow pages`` builds them from the executed notebooks, tables and figures of a study.
"""
