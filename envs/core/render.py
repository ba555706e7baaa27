"""Pictures of text, for ``render_mode="rgb_array"``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 360  # pixels; fixed, so that frames make a video


def text_image(text: str) -> NDArray[np.uint8]:
    """``text`` in a fixed-width font on white, uint8 ``(HEIGHT, WIDTH, 3)``; raises ImportError without Pillow."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("render_mode='rgb_array' draws with Pillow: pip install 'gymcc[report]'") from error
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    ImageDraw.Draw(image).multiline_text((12, 12), text, fill="black", font=ImageFont.load_default(16), spacing=6)
    return np.asarray(image)
