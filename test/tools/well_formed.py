"""Fails where an HTML file has a tag that does not close, or would fetch or run something."""

import html.parser
import sys

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            assert name not in ("src", "href", "onload"), f"line {self.getpos()}: {name}={value}"
        assert tag not in ("script", "link", "img"), f"line {self.getpos()}: <{tag}>"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"line {self.getpos()}: </{tag}> in {self.open}"
        self.open.pop()


checker = Checker()
with open(sys.argv[1], encoding="utf-8") as file:
    checker.feed(file.read())
checker.close()
assert not checker.open, f"not closed: {checker.open}"
