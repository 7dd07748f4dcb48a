"""The report in Markdown, and its figures as CSV."""

import csv
import datetime
import io
import os
import re
from dataclasses import dataclass, field


@dataclass
class Section:
    """What one part found."""

    name: str
    outcome: str = ""  # ok, failed or skipped
    reason: str = ""  # of failing or skipping
    seconds: float = 0
    text: list = field(default_factory=list)  # paragraphs, in Markdown
    log: list = field(default_factory=list)  # last lines, if it failed

    def summary(self):
        return f"{self.outcome}, {self.seconds:.0f} s" + (f": {self.reason}" if self.reason else "")

    def markdown(self):
        paragraphs = [f"## {self.name}", self.summary(), *self.text]
        if self.log:
            paragraphs.append(code_block(self.log))
        return "\n\n".join(paragraphs)


def code_block(lines):
    return "\n".join(["```text", *lines, "```"])


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    cells = [[str(cell).replace("|", "/") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


class Report:
    def __init__(self, folder, emulated):
        self.folder = folder
        self.emulated = emulated
        self.begin_time = datetime.datetime.now()
        self.name = ""
        self.gpu = ""
        self.commit = ""
        self.sections = []
        self.figures = []
        self.set_gpu("gpu")

    def set_gpu(self, gpu):
        """Names the files after the GPU and the time."""
        self.gpu = gpu
        words = re.sub("[^a-z0-9]+", "-", gpu.lower()).strip("-")
        prefix = "emulated-" if self.emulated else ""
        new_name = f"{prefix}{words}-{self.begin_time:%Y-%m-%d-%H%M}"
        if self.name:
            for kind in ("md", "csv"):
                self.path(kind).unlink(missing_ok=True)
        self.name = new_name

    def path(self, kind):
        return self.folder / f"{self.name}.{kind}"

    def begin(self, part):
        self.sections.append(Section(part))
        return self.sections[-1]

    def add(self, markdown):
        """Adds a paragraph to the current part, unless it is empty."""
        if markdown:
            self.sections[-1].text.append(markdown)

    def add_figure(self, name, metric, value, unit, times=""):
        """Adds a row to the CSV. `times`: measured (the default), modelled, or emulator: its own."""
        times = times or ("emulator" if self.emulated else "measured")
        self.figures.append([self.sections[-1].name, name, metric, f"{value:.6g}", unit, times])

    def markdown(self):
        title = f"# {self.gpu}, {self.begin_time:%Y-%m-%d}, commit {self.commit or 'unknown'}"
        parts = [title]
        if self.emulated:
            parts.append(
                "On an emulator of a GPU: times of kernels are modelled, the others are the emulator's own. "
                "They say nothing about a GPU."
            )
        rows = [[s.name, s.outcome, f"{s.seconds:.0f}", s.reason] for s in self.sections]
        parts.append(table(["part", "outcome", "s", "reason"], rows))
        parts += [section.markdown() for section in self.sections]
        return "\n\n".join(parts) + "\n"

    def csv(self):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow("date commit gpu part name metric value unit times".split())
        for figure in self.figures:
            writer.writerow([f"{self.begin_time:%Y-%m-%d}", self.commit, self.gpu, *figure])
        return text.getvalue()

    def write(self):
        for kind, content in (("md", self.markdown()), ("csv", self.csv())):
            part = self.path(f"{kind}.part")
            part.write_text(content)
            os.replace(part, self.path(kind))
