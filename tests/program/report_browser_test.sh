#!/usr/bin/env bash
# Opens the report of a small run in a browser, as wide as a telephone and as a desk's screen, light and dark: nothing may
# overflow, be fetched, lack a text for those who cannot see it, or be too faint to read.
# Exit status: 0 passed, 1 failed, 77 skipped (CTest's SKIP_RETURN_CODE).
#
#   report_browser_test.sh PROGRAM
set -euo pipefail

program=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "SKIP: chromium is missing"; exit 77; }
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work" || true' EXIT  # the browser's processes may still write there

fail() { echo "FAIL: $*"; exit 1; }
# show PAGE OPTIONS...: writes the page's elements, after its scripts, to $work/dom.
show() {
  timeout 60 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" \
    --allow-file-access-from-files "${@:2}" --dump-dom "file://$work/$1" >"$work/dom" 2>"$work/errors"
}

# Ubuntu's chromium-browser may be a stub that asks for a snap; the snap reads no /tmp, and shows an error page.
echo '<p>shown</p>' >"$work/plain.html"
if ! show plain.html || ! grep -q '<p>shown' "$work/dom"; then
  echo "SKIP: $browser cannot show $work/plain.html: $(tail -n 1 "$work/errors")"
  exit 77
fi

# 630 digits to train, 70 to validate, 69,300 to test: enough mistakes to show.
"$program" --config "$source_dir/configs/quick.json" --quiet --device cpu --set data.test_fraction=0.99 \
  --set data.validation_fraction=0.1 --set training.epochs=2 --set output.dir="$work/run"

# Each frame is a window of that width to the page in it. Findings go into the wrapper's text, which --dump-dom prints.
cat >"$work/wrapper.html" <<'END'
<!DOCTYPE html>
<iframe src="run/report.html" width="390" height="800"></iframe>
<iframe src="run/report.html" width="1280" height="800"></iframe>
<pre></pre>
<script>
const findings = [];
const luminance = ([r, g, b]) => [r, g, b]
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
// Red, green, blue and opacity from 0 to 1 of "rgb(...)", or of "color(srgb ...)", which a mix of colours gives.
const colour = text => {
  const numbers = text.match(/[\d.]+(e-\d+)?/g).map(Number);
  const levels = numbers.slice(0, 3).map(v => text.startsWith('rgb') ? v / 255 : v);
  return [...levels, numbers[3] ?? 1];
};
function background(view, element) {
  for (; element; element = element.parentElement) {
    const paint = colour(view.getComputedStyle(element).backgroundColor);
    if (paint[3] === 1) return paint;
  }
  return [1, 1, 1, 1];
}
function contrast(view, element) {
  const style = view.getComputedStyle(element);
  const ink = colour(element.closest('svg') ? style.fill : style.color);
  const [dark, light] = [luminance(ink), luminance(background(view, element))].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
function inspect(frame) {
  const view = frame.contentWindow, page = frame.contentDocument;
  const find = text => findings.push(`${frame.width} px: ${text}`);
  page.querySelectorAll('details').forEach(details => details.open = true);
  const width = page.documentElement.scrollWidth;
  if (width > view.innerWidth) find(`the page is ${width} px wide`);
  const fetched = view.performance.getEntriesByType('resource').filter(entry => !entry.name.startsWith('data:'));
  fetched.forEach(entry => find(`${entry.name} is fetched`));
  for (const image of page.images) {
    if (!image.alt) find('an image has no alt text');
    if (!image.naturalWidth) find(`the image "${image.alt}" cannot be shown`);
  }
  for (const table of page.querySelectorAll('table')) {
    if (!table.caption || !table.querySelector('th')) find('a table has no caption or no headers');
  }
  page.querySelectorAll('th:not([scope])').forEach(th => find(`the header "${th.textContent}" has no scope`));
  const levels = [...page.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]));
  levels.forEach((level, i) => { if (level > (levels[i - 1] ?? 0) + 1) find(`heading ${i} skips a level`); });
  const texts = [...page.body.querySelectorAll('*')].filter(element =>
    !['title', 'desc'].includes(element.tagName) && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  for (const element of texts) {
    const ratio = contrast(view, element);
    if (!(ratio >= 4.5)) find(`"${element.textContent.trim().slice(0, 40)}" has a contrast of ${ratio.toFixed(2)}`);
  }
  return `${page.querySelectorAll('section').length} sections, ${page.images.length} images, ` +
    `${page.querySelectorAll('table').length} tables, ${texts.length} texts`;
}
onload = () => {
  const seen = [...document.querySelectorAll('iframe')].map(inspect);
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.querySelector('pre').textContent = [`inspected, ${scheme}:`, ...seen, ...findings, 'end'].join('\n');
};
</script>
END

# A page that does not show this much was not inspected.
expected='9 sections, 72 images, 5 tables, [3-9][0-9]{2} texts'
for scheme in 0:dark 1:light; do
  status=0
  show wrapper.html --blink-settings=preferredColorScheme="${scheme%:*}" || status=$?
  [[ $status == 0 ]] || fail "the browser ended with status $status: $(tail -n 5 "$work/errors")"
  sed -n '/<pre>/,/<\/pre>/p' "$work/dom" >"$work/findings"
  grep -q "inspected, ${scheme#*:}:" "$work/findings" || fail "the page was not shown in ${scheme#*:} colours"
  [[ $(grep -cE "^$expected" "$work/findings") == 2 ]] || fail "not the page that was expected: $(<"$work/findings")"
  [[ $(wc -l <"$work/findings") == 4 ]] || fail "$(<"$work/findings")"
done
