"""Figures: one claim each, which is the title and the alternative text."""

from lib.plots.style import GREY, colour, show, span, svg, use_style

__all__ = ["GREY", "colour", "show", "span", "svg", "use_style"]
