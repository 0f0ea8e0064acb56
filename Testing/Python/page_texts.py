"""The words of written HTML pages and PDF documents."""

import contextlib
import re
import zlib
from html.parser import HTMLParser


class Texts(HTMLParser):
    """Collects the page's words and where its pictures come from."""

    def __init__(self):
        super().__init__()
        self.words, self.sources = [], []

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, _tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]


def pdf_words(path):
    """Return the text of a PDF's pages, whose streams are compressed."""
    words = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL):
        with contextlib.suppress(zlib.error):
            content = zlib.decompress(stream)
            words += re.findall(rb"\((.*?)\) Tj", content)
    return b" ".join(words).decode("latin-1")
