"""Draw the course's pictures: `python deploy/pictures/render.py [content]`.

Each `<name>.svg` becomes `<name>.<language>.png`. A source holds both languages: elements of class `ko` or `en` show
when the root's `lang` says so, and a browser that opens the file shows it as it will look. Needs Chromium and the Nanum
fonts (Debian: chromium, fonts-nanum). Each PNG remembers the SHA-256 of the source and language it was drawn from (text
chunk `Source`), so that a test can tell when it is stale.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image
from PIL.PngImagePlugin import PngInfo

LANGUAGES = ("ko", "en")
COLOURS = 128
"""The pictures are flat: more colours than this only make the smooth edges of letters larger in bytes."""


def source_key(source: str, language: str) -> str:
    """What a PNG remembers of its origin."""
    return hashlib.sha256(f"{language}\n{source}".encode()).hexdigest()


def main(content: Path) -> None:
    for source in sorted(content.rglob("*.svg")):
        for language in LANGUAGES:
            target = source.with_name(f"{source.stem}.{language}.png")
            draw(source.read_text("utf-8"), language, target)
            print(f"{target} {target.stat().st_size // 1024} kB")


def draw(source: str, language: str, target: Path) -> None:
    root = ElementTree.fromstring(source)
    size = f"{root.attrib['width']},{root.attrib['height']}"
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "picture.svg"), Path(folder, "picture.png")
        page.write_text(source.replace('lang="ko"', f'lang="{language}"', 1), "utf-8")
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
        )
        command = (_chromium(), *options, f"--window-size={size}", f"--screenshot={shot}", page.as_uri())
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        image = Image.open(shot).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    memory = PngInfo()
    memory.add_text("Source", source_key(source, language))
    image.save(target, optimize=True, pnginfo=memory)


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    sys.exit("Chromium is missing. On Debian: apt-get install chromium fonts-nanum")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("content"))
