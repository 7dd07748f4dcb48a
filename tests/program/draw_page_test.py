#!/usr/bin/env python3
"""Opens an exported page in a headless browser, light and dark, as wide as a telephone and as a desk's screen: its answers are
those of `predict`, for images of the test set and for pictures of other sizes, and drawn digits are read. See CHECKS below.

Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).

    draw_page_test.py PROGRAM
"""

import base64
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
SIDE = 28
TOLERANCE = 1e-5
PATIENCE = 120  # seconds for all checks in the browser

# Runs in a page with the exported page in two frames. `digits` are strokes of each digit in a unit square.
CHECKS = r"""
const findings = [];
const find = text => findings.push(text);
const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

function rgbaOf(grey) {
  const rgba = new Uint8ClampedArray(4 * grey.length).fill(255);
  grey.forEach((level, i) => rgba.fill(level, 4 * i, 4 * i + 3));
  return rgba;
}

function checkPictures(page) {
  let largest = 0;
  for (const {name, width, height, pixels, probabilities} of pictures) {
    const read = page.readPicture(rgbaOf(bytesOf(pixels)), width, height);
    if ((read === null) !== (probabilities === null)) { find(`${name}: ${read === null ? 'no ' : ''}ink is found`); continue; }
    if (read === null) continue;
    const difference = Math.max(...read.probabilities.map((p, i) => Math.abs(p - probabilities[i])));
    largest = Math.max(largest, difference);
    if (!(difference <= tolerance)) find(`${name}: a probability differs by ${difference} from that of predict`);
  }
  return `${pictures.length} pictures`;
}

const answerOf = page => page.document.querySelector('#answer strong')?.textContent ?? '';
const spokenOf = page => page.document.getElementById('spoken').textContent;

/// A picture is opened as from a file: the answer follows when the browser has decoded it.
async function checkOpening(page) {
  const {name, width, height, pixels, probabilities} = pictures[0];
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  canvas.getContext('2d').putImageData(new ImageData(rgbaOf(bytesOf(pixels)), width, height), 0, 0);
  const blob = await new Promise(resolve => canvas.toBlob(resolve));
  page.document.getElementById('clear').click();
  draw(page, digits[1], {x: 0.3, y: 0.3, width: 0.2, height: 0.3});
  await page.openPicture(blob);
  const digit = String(probabilities.indexOf(Math.max(...probabilities)));
  if (answerOf(page) !== digit) find(`${name} is read as ${answerOf(page)} when it is opened`);
  await page.openPicture(new Blob(['no picture']));
  if (!spokenOf(page).includes('cannot be read')) find('a damaged picture is not spoken of');
  return 'opened';
}

/// Draws with a pointer, each stroke's points moved to a square of the canvas.
function draw(page, strokes, {x, y, width, height}) {
  const canvas = page.document.getElementById('drawing');
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};  // there is no such pointer
  const send = (type, [u, v]) => canvas.dispatchEvent(new page.PointerEvent(type, {
    pointerId: 1, pointerType: 'touch', button: 0, isPrimary: true, bubbles: true, cancelable: true,
    clientX: box.left + box.width * (x + u * width), clientY: box.top + box.height * (y + v * height)}));
  for (const stroke of strokes) {
    send('pointerdown', stroke[0]);
    for (let i = 1; i < stroke.length; ++i) {
      const [[u, v], [nextU, nextV]] = [stroke[i - 1], stroke[i]];
      for (let t = 0.125; t <= 1; t += 0.125) send('pointermove', [u + (nextU - u) * t, v + (nextV - v) * t]);
    }
    send('pointerup', stroke.at(-1));
  }
}

function checkDrawings(page) {
  const places = {large: {x: 0.2, y: 0.1, width: 0.6, height: 0.8}, small: {x: 0.4, y: 0.4, width: 0.15, height: 0.22},
    'in the upper left corner': {x: 0.02, y: 0.02, width: 0.3, height: 0.4},
    'at the bottom': {x: 0.5, y: 0.7, width: 0.2, height: 0.28}};
  for (const [place, box] of Object.entries(places)) {
    digits.forEach((strokes, digit) => {
      page.document.getElementById('clear').click();
      draw(page, strokes, box);
      if (answerOf(page) !== String(digit)) find(`a ${digit} drawn ${place} is read as ${answerOf(page) || 'nothing'}`);
      if (!spokenOf(page).startsWith(`${digit}, `)) find(`a ${digit} is not spoken: ${spokenOf(page)}`);
    });
  }
  return `${Object.keys(places).length * digits.length} drawings`;
}

function checkKeys(page) {
  const canvas = page.document.getElementById('drawing');
  const press = (key, times = 1, shiftKey = false) => {
    for (let i = 0; i < times; ++i) {
      const event = new page.KeyboardEvent('keydown', {key, shiftKey, bubbles: true, cancelable: true});
      canvas.dispatchEvent(event);
      if (!event.defaultPrevented) find(`the key ${key} also scrolls the page`);
    }
  };
  press('Escape');
  if (answerOf(page) !== '' || !spokenOf(page).startsWith('Nothing drawn')) find('an empty canvas has an answer');
  press('ArrowUp', 4);
  press(' ');
  press('ArrowDown', 8);
  press(' ');
  if (answerOf(page) !== '1') find(`a line drawn with keys is read as ${answerOf(page)}`);
  press('Backspace');
  if (answerOf(page) !== '') find('the stroke is not undone');
  press(' ');
  page.document.getElementById('clear').click();
  press('ArrowUp');  // the pen was lifted
  if (answerOf(page) !== '') find('a pen goes on drawing on an empty canvas');
  draw(page, [[[0, 0]]], {x: 0.5, y: 0.5, width: 0, height: 0});
  if (answerOf(page) === '') find('a tap draws nothing');
}

function luminance([r, g, b]) {
  return [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
}

function checkLook(page, width) {
  const {document} = page;
  const {scrollWidth} = document.documentElement;
  if (scrollWidth > page.innerWidth) find(`${width} px: the page is ${scrollWidth} px wide`);
  page.performance.getEntriesByType('resource').filter(({name}) => !name.startsWith('data:'))
    .forEach(({name}) => find(`${name} is fetched`));
  if (page.getComputedStyle(document.getElementById('drawing')).touchAction !== 'none') find('a finger on the canvas scrolls');
  if (document.getElementById('spoken').getAttribute('aria-live') !== 'polite') find('the answer is not read aloud');
  const colour = text => text.match(/[\d.]+/g).map(Number);
  const background = element => {
    for (; element; element = element.parentElement) {
      const paint = colour(page.getComputedStyle(element).backgroundColor);
      if ((paint[3] ?? 1) === 1) return paint;
    }
    return [255, 255, 255];
  };
  for (const element of document.body.querySelectorAll('h1, h2, p, button, label, figcaption, li')) {
    const pair = [colour(page.getComputedStyle(element).color), background(element)].map(luminance).sort((a, b) => a - b);
    const ratio = (pair[1] + 0.05) / (pair[0] + 0.05);
    if (!(ratio >= 4.5)) find(`"${element.textContent.trim().slice(0, 30)}" has a contrast of ${ratio.toFixed(2)}`);
  }
  for (const element of document.querySelectorAll('button, label.button, #drawing')) {
    const {height} = element.getBoundingClientRect();
    if (height < 24) find(`${width} px: "${element.textContent.trim()}" is ${height} px high`);
  }
  return `${document.querySelectorAll('#bars li').length} bars`;
}

onload = async () => {
  const [phone, desk] = [...document.querySelectorAll('iframe')].map(frame => frame.contentWindow);
  const seen = [];
  try {
    seen.push(checkPictures(desk), checkDrawings(phone), checkDrawings(desk));
    checkKeys(desk);
    seen.push(await checkOpening(desk), checkLook(phone, 390), checkLook(desk, 1280));
  } catch (error) {
    find(error.stack);
  }
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  fetch('report', {method: 'POST', body: JSON.stringify({scheme, seen, findings})});
};
"""

# How people write digits: strokes of points (x, y) in a unit square.
DIGITS = [
    [[(0.5, 0), (0.15, 0.15), (0, 0.5), (0.15, 0.85), (0.5, 1), (0.85, 0.85), (1, 0.5), (0.85, 0.15), (0.5, 0)]],
    [[(0.5, 0), (0.5, 1)]],
    [[(0.05, 0.25), (0.2, 0.05), (0.5, 0), (0.85, 0.1), (0.9, 0.35), (0.6, 0.65), (0.05, 1), (1, 1)]],
    [[(0.1, 0.1), (0.4, 0), (0.8, 0.08), (0.85, 0.3), (0.45, 0.47), (0.85, 0.62), (0.9, 0.85), (0.5, 1), (0.05, 0.9)]],
    [[(0.15, 0), (0.08, 0.55), (0.95, 0.55)], [(0.75, 0.05), (0.7, 1)]],
    [[(0.85, 0), (0.25, 0), (0.2, 0.42), (0.6, 0.42), (0.9, 0.6), (0.85, 0.88), (0.5, 1), (0.1, 0.92)]],
    [[(0.7, 0), (0.3, 0.25), (0.1, 0.6), (0.2, 0.92), (0.55, 1), (0.85, 0.85), (0.8, 0.6), (0.5, 0.52), (0.15, 0.68)]],
    [[(0, 0), (0.95, 0), (0.6, 0.5), (0.4, 1)]],
    [[(0.8, 0.12), (0.5, 0), (0.2, 0.12), (0.25, 0.35), (0.75, 0.6), (0.85, 0.85), (0.5, 1), (0.15, 0.85), (0.3, 0.58),
      (0.75, 0.35), (0.8, 0.12)]],
    [[(0.85, 0.2), (0.5, 0), (0.15, 0.15), (0.15, 0.4), (0.5, 0.5), (0.85, 0.3), (0.85, 0.15), (0.8, 0.6), (0.7, 1)]],
]


def skip(text):
    print(f"SKIP: {text}")
    sys.exit(77)


def fail(text):
    print(f"FAIL: {text}")
    sys.exit(1)


def test_images(count):
    with gzip.open(ROOT / "data/t10k-images-idx3-ubyte.gz") as file:
        file.read(16)
        return [file.read(SIDE * SIDE) for _ in range(count)]


def enlarged(image, generator):
    """Ink of any darkness on paper of any brightness, lit from one side, at any place of a larger picture."""
    scale = generator.randint(2, 9)
    width = SIDE * scale + generator.randint(0, 60)
    height = SIDE * scale + generator.randint(0, 60)
    left = generator.randint(0, width - SIDE * scale)
    top = generator.randint(0, height - SIDE * scale)
    paper = generator.randint(180, 230)
    light = generator.randint(-25, 25)
    is_dark = generator.random() < 0.5
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            inside = left <= x < left + SIDE * scale and top <= y < top + SIDE * scale
            ink = image[(y - top) // scale * SIDE + (x - left) // scale] if inside else 0
            level = int((paper + light * x / width) * (1 - 0.8 * ink / 255)) + generator.randint(0, 2)
            pixels.append(255 - level if is_dark else level)
    return width, height, bytes(pixels)


def pictures_of(folder, program, model):
    """Writes pictures, and adds what `predict` says of them."""
    generator = random.Random(1)
    pictures = [(SIDE, SIDE, image) for image in test_images(1000)]
    pictures += [enlarged(pictures[i][2], generator) for i in range(40)]
    blank = [(50, 40, bytes([200] * 2000)), (SIDE, SIDE, bytes(SIDE * SIDE))]  # nothing to read
    pictures += blank
    for i, (width, height, pixels) in enumerate(pictures):
        (folder / f"{i:04}.pgm").write_bytes(f"P5 {width} {height} 255\n".encode() + pixels)
    predict = subprocess.run([program, "predict", "--json", "--model", model, folder], capture_output=True, text=True)
    said = {Path(line["file"]).name: line.get("probabilities") for line in map(json.loads, predict.stdout.splitlines())}
    if len(said) != len(pictures) - len(blank):
        fail(f"predict read {len(said)} pictures and ended with status {predict.returncode}: {predict.stderr[:400]}")
    return [{"name": f"{i:04}.pgm, {width} x {height}", "width": width, "height": height,
             "pixels": base64.b64encode(pixels).decode(), "probabilities": said.get(f"{i:04}.pgm")}
            for i, (width, height, pixels) in enumerate(pictures)]


class Handler(SimpleHTTPRequestHandler):
    """Serves the pages; puts what a page reports into the queue."""

    def __init__(self, reports, *args, **kwargs):
        self.reports = reports
        super().__init__(*args, **kwargs)

    def do_POST(self):
        self.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def report_of(browser, work, is_dark):
    """What wrapper.html reports. The browser's --dump-dom would not wait for pictures that it decodes."""
    reports = SimpleQueue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, reports, directory=work))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
               "--no-first-run", f"--user-data-dir={work / 'profile'}",
               f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
               f"http://127.0.0.1:{server.server_port}/wrapper.html"]
    with open(work / "errors", "w+") as errors, subprocess.Popen(command, stdout=errors, stderr=errors) as process:
        try:
            return reports.get(timeout=PATIENCE)
        except Empty:
            errors.seek(0)
            fail(f"the page reported nothing within {PATIENCE} s: {errors.read()[-400:]}")
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
            server.shutdown()


def check(program, browser, work):
    train = [program, "--config", ROOT / "configs/baseline.json", "--quiet", "--device", "cpu", "--set", "training.epochs=4",
             "--set", "augmentation.rotation=10", "--set", "augmentation.scale=0.1", "--set", "augmentation.shift=1",
             "--set", f"output.dir={work / 'run'}"]
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    page = work / "draw.html"
    subprocess.run([program, "export", "--format", "html", "--model", work / "run", "--output", page], check=True,
                   stdout=subprocess.DEVNULL)
    if page.stat().st_size > 700_000:
        fail(f"the page has {page.stat().st_size} bytes")
    (work / "pictures").mkdir()
    data = {"pictures": pictures_of(work / "pictures", program, work / "run"), "digits": DIGITS, "tolerance": TOLERANCE}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in data.items())
    frames = "".join(f'<iframe src="draw.html" width="{width}" height="900"></iframe>' for width in (390, 1280))
    (work / "wrapper.html").write_text(f"<!DOCTYPE html>{frames}<script>{constants}{CHECKS}</script>")
    for is_dark in (False, True):
        report = report_of(browser, work, is_dark)
        if report["findings"]:
            fail("\n".join(report["findings"][:10]))
        expected = {"scheme": "dark" if is_dark else "light",
                    "seen": ["1042 pictures", "40 drawings", "40 drawings", "opened", "10 bars", "10 bars"], "findings": []}
        if report != expected:
            fail(f"not what was expected: {report}")


def main():
    program = sys.argv[1]
    browser = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if browser is None:
        skip("chromium is missing")
    if subprocess.run([browser, "--version"], capture_output=True).returncode != 0:
        skip(f"{browser} does not start")  # Ubuntu's chromium-browser may be a stub that asks for a snap
    if "QMNIST_IMAGES ON" not in subprocess.run([program, "info"], check=True, capture_output=True, text=True).stdout:
        skip("this build reads no pictures")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:  # the browser's processes may still write there
        check(program, browser, Path(work))


if __name__ == "__main__":
    main()
