"""Where the window's pictures, fonts and style sheet lie, from source and in the frozen application."""

from core.assets import asset_path

ICONS = asset_path("icons")
FONTS = asset_path("fonts")
STYLE_SHEET = asset_path("style/window.qss")
