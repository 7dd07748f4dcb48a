// The page: strokes and pictures in, answers out. `model` holds the class names and the layers.
const layers = model.layers.map(({outputs, weight, bias}) => ({outputs, weight: floatsOf(weight), bias: floatsOf(bias)}));
const maxBars = 10;

const drawing = document.getElementById('drawing');
const pen = {x: drawing.width / 2, y: drawing.height / 2, isDown: false, isShown: false};  // moved by keys
let strokes = [];    // each a list of {x, y} in the canvas's pixels
let picture = null;  // an ImageBitmap that was opened, dropped or pasted, in place of strokes
let pointer = null;  // the id of the one that draws; further fingers do not

/// The input and the probabilities of a picture; null where it has no ink.
function readPicture(rgba, width, height) {
  const input = preprocess(rgba, width, height);
  return input && {input, probabilities: probabilitiesOf(input, layers, model.activation)};
}

function canvasOf(width, height) {
  return Object.assign(document.createElement('canvas'), {width, height});
}

/// Draws the strokes as the pen of MNIST's writers would have: with a line as wide as a tenth of the digit, however large it was
/// drawn.
function pixelsOfStrokes() {
  const [side, size, line] = [128, 100, 11];
  const points = strokes.flat();
  const bounds = key => [Math.min(...points.map(point => point[key])), Math.max(...points.map(point => point[key]))];
  const [[left, right], [top, bottom]] = [bounds('x'), bounds('y')];
  const scale = (size - line) / Math.max(right - left, bottom - top, drawing.width / 8);
  const context = canvasOf(side, side).getContext('2d', {willReadFrequently: true});
  context.fillStyle = 'white';
  context.fillRect(0, 0, side, side);
  drawStrokes(context, 'black', line, ({x, y}) =>
    ({x: side / 2 + (x - (left + right) / 2) * scale, y: side / 2 + (y - (top + bottom) / 2) * scale}));
  return context.getImageData(0, 0, side, side);
}

/// Of more pixels than phones let a canvas have, fewer.
function pixelsOfPicture() {
  const scale = Math.min(1, Math.sqrt(2 ** 24 / (picture.width * picture.height)));
  const [width, height] = [picture.width, picture.height].map(side => Math.max(Math.floor(side * scale), 1));
  const context = canvasOf(width, height).getContext('2d', {willReadFrequently: true});
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/// Lines through the points, each corner rounded by a curve from middle to middle.
function drawStrokes(context, colour, width, place) {
  Object.assign(context, {lineWidth: width, lineCap: 'round', lineJoin: 'round', strokeStyle: colour});
  for (const stroke of strokes) {
    const points = stroke.map(place);
    context.beginPath();
    context.moveTo(points[0].x, points[0].y);
    for (let i = 1; i + 1 < points.length; ++i) {
      const [a, b] = [points[i], points[i + 1]];
      context.quadraticCurveTo(a.x, a.y, (a.x + b.x) / 2, (a.y + b.y) / 2);
    }
    const last = points.at(-1);
    context.lineTo(last.x + 0.01, last.y);  // some browsers draw no line of length 0, which a tap makes
    context.stroke();
  }
}

function showDrawing() {
  const context = drawing.getContext('2d');
  context.clearRect(0, 0, drawing.width, drawing.height);
  const style = getComputedStyle(document.documentElement);
  if (picture) {
    const scale = Math.min(drawing.width / picture.width, drawing.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(picture, (drawing.width - width) / 2, (drawing.height - height) / 2, width, height);
  }
  drawStrokes(context, style.getPropertyValue('--text'), drawing.width / 14, point => point);
  if (pen.isShown) {
    context.beginPath();
    context.arc(pen.x, pen.y, drawing.width / 28, 0, 2 * Math.PI);
    Object.assign(context, {lineWidth: 3, strokeStyle: style.getPropertyValue('--accent')});
    context.stroke();
  }
}

function percent(probability) {
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}

/// The classes of the bars: all, or the likeliest of many.
function shownClasses(probabilities) {
  const all = model.classes.map((_, i) => i);
  return all.length <= maxBars ? all : all.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, maxBars);
}

function showBars(probabilities, best) {
  const bars = document.getElementById('bars');
  bars.style.setProperty('--name', `${Math.max(...model.classes.map(name => name.length))}ch`);
  bars.replaceChildren(...shownClasses(probabilities).map(i => {
    const item = document.createElement('li');
    const [name, bar, fill, number] = ['span', 'div', 'div', 'span'].map(tag => document.createElement(tag));
    bar.className = 'bar';
    bar.setAttribute('aria-hidden', 'true');
    bar.append(fill);
    item.classList.toggle('first', i === best);
    name.textContent = model.classes[i];
    fill.style.width = `${100 * probabilities[i]}%`;
    number.textContent = percent(probabilities[i]);
    item.append(name, bar, number);
    return item;
  }));
}

function showInput(input) {
  const context = document.getElementById('input').getContext('2d');
  const image = new ImageData(sideOfInput, sideOfInput);
  image.data.forEach((_, i) => { image.data[i] = i % 4 === 3 ? 255 : input[i >> 2]; });
  context.putImageData(image, 0, 0);
}

/// @param isComplete whether a stroke has ended, so that the answer is to be read aloud
function showAnswer(isComplete) {
  const isEmpty = strokes.length === 0 && picture === null;
  const pixels = isEmpty ? null : picture ? pixelsOfPicture() : pixelsOfStrokes();
  const read = pixels && readPicture(pixels.data, pixels.width, pixels.height);
  const answer = document.getElementById('answer');
  let text = isEmpty ? 'Nothing drawn yet.' : 'No ink found: expected one dark or bright sign on a plain background.';
  if (read) {
    const best = read.probabilities.indexOf(Math.max(...read.probabilities));
    const name = document.createElement('strong');
    name.textContent = model.classes[best];
    answer.replaceChildren(name, percent(read.probabilities[best]));
    showBars(read.probabilities, best);
    text = `${model.classes[best]}, ${percent(read.probabilities[best])}`;
  } else {
    answer.textContent = text;
    showBars(model.classes.map(() => 0), -1);
  }
  showInput(read ? read.input : new Uint8Array(sideOfInput * sideOfInput));
  if (isComplete) document.getElementById('spoken').textContent = text;
}

let isUpdateDue = false;
function update(isComplete) {
  showDrawing();
  if (isComplete) {
    showAnswer(true);
  } else if (!isUpdateDue) {  // at most once a frame while one draws
    isUpdateDue = true;
    requestAnimationFrame(() => {
      isUpdateDue = false;
      showAnswer(false);
    });
  }
}

/// Replaces what is drawn, also in the midst of a stroke.
function show(newStrokes, newPicture) {
  [strokes, picture, pointer, pen.isDown] = [newStrokes, newPicture, null, false];
  update(true);
}

function clear() {
  show([], null);
}

function undo() {
  show(strokes.slice(0, -1), null);
}

async function openPicture(blob) {
  const opened = await createImageBitmap(blob, {colorSpaceConversion: 'none'}).catch(() => null);
  if (opened) {
    show([], opened);
  } else {
    document.getElementById('answer').textContent = 'This file cannot be read as a picture.';
    document.getElementById('spoken').textContent = 'This file cannot be read as a picture.';
  }
}

function pointOf(event) {
  const box = drawing.getBoundingClientRect();
  return {x: (event.clientX - box.left) * drawing.width / box.width, y: (event.clientY - box.top) * drawing.height / box.height};
}

drawing.addEventListener('pointerdown', event => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  drawing.setPointerCapture(pointer);  // strokes go on outside
  pen.isShown = pen.isDown = false;
  picture = null;
  strokes.push([pointOf(event)]);
  update(false);
});
drawing.addEventListener('pointermove', event => {
  if (event.pointerId !== pointer) return;
  const events = event.getCoalescedEvents?.() ?? [];
  strokes.at(-1).push(...(events.length > 0 ? events : [event]).map(pointOf));
  update(false);
});
for (const end of ['pointerup', 'pointercancel']) {
  drawing.addEventListener(end, event => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    update(true);
  });
}

const directions = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

function movePen([x, y], step) {
  const inside = value => Math.min(Math.max(value, 0), drawing.width);
  pen.x = inside(pen.x + x * step);
  pen.y = inside(pen.y + y * step);
  if (pen.isDown) strokes.at(-1).push({x: pen.x, y: pen.y});
}

function togglePen() {
  pen.isDown = !pen.isDown;
  if (pen.isDown) {
    picture = null;
    strokes.push([{x: pen.x, y: pen.y}]);
    document.getElementById('spoken').textContent = 'Pen down';
  }
}

drawing.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isMove = event.key in directions;
  if (pointer !== null && (isMove || event.key === ' ')) return event.preventDefault();
  if (isMove) movePen(directions[event.key], event.shiftKey ? 8 : 32);
  else if (event.key === ' ') togglePen();
  else if (event.key === 'Backspace') undo();
  else if (event.key === 'Escape') clear();
  else return;
  event.preventDefault();
  pen.isShown = true;
  if (isMove && !pen.isDown) showDrawing();
  else update(!pen.isDown);
});
drawing.addEventListener('blur', () => {
  const wasDown = pen.isDown;
  pen.isShown = pen.isDown = false;
  if (wasDown) update(true);
  else showDrawing();
});

document.getElementById('undo').addEventListener('click', undo);
document.getElementById('clear').addEventListener('click', clear);
document.getElementById('file').addEventListener('change', event => {
  if (event.target.files.length > 0) openPicture(event.target.files[0]);
  event.target.value = '';  // so that the same file can be opened again
});
addEventListener('paste', event => {
  const file = [...event.clipboardData.files].find(({type}) => type.startsWith('image/'));
  if (file) openPicture(file);
});
addEventListener('dragover', event => {
  event.preventDefault();
  drawing.classList.add('is-target');
});
addEventListener('dragleave', () => drawing.classList.remove('is-target'));
addEventListener('drop', event => {
  event.preventDefault();
  drawing.classList.remove('is-target');
  if (event.dataTransfer.files.length > 0) openPicture(event.dataTransfer.files[0]);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showDrawing);

update(true);
