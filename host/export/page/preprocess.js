// Turns a picture into the network's input as `qmnist_gpu predict` does (host/image/): the same steps in the same order, in
// float32 where the program has float, so that both give the same 28 x 28 grey levels.
'use strict';

const f32 = Math.fround;
const sideOfInput = 28;

/// Grey levels of RGBA pixels on a background of that level (host/image/grey.cpp).
function greyOn(rgba, background) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < grey.length; ++i) {
    const luma = (9798 * rgba[4 * i] + 19235 * rgba[4 * i + 1] + 3735 * rgba[4 * i + 2] + 16384) >> 15;
    const alpha = rgba[4 * i + 3];
    grey[i] = Math.floor((luma * alpha + background * (255 - alpha) + 127) / 255);
  }
  return grey;
}

/// Windows of a triangle filter, each of the levels that are summed into one (host/image/scale.cpp).
function windows(size, newSize) {
  const scale = size / newSize;
  const reach = Math.max(scale, 1);
  return Array.from({length: newSize}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const begin = Math.round(Math.max(centre - reach, 0));
    const end = Math.min(Math.round(centre + reach), size);
    const weights = [];
    let sum = 0;
    for (let k = begin; k < end; ++k) {
      weights.push(f32(Math.max(1 - Math.abs(k + 0.5 - centre) / reach, 0)));
      sum += weights.at(-1);
    }
    return {begin, weights: weights.map(weight => f32(weight / f32(sum)))};
  });
}

/// Scales a plane of levels with antialiasing.
function scaled({width, height, levels}, newWidth, newHeight) {
  const across = windows(width, newWidth);
  const narrow = new Float32Array(newWidth * height);
  for (let y = 0; y < height; ++y) {
    across.forEach(({begin, weights}, x) => {
      let sum = 0;
      weights.forEach((weight, k) => { sum = f32(sum + f32(weight * levels[y * width + begin + k])); });
      narrow[y * newWidth + x] = sum;
    });
  }
  const result = {width: newWidth, height: newHeight, levels: new Float32Array(newWidth * newHeight)};
  windows(height, newHeight).forEach(({begin, weights}, y) => {
    weights.forEach((weight, k) => {
      for (let x = 0; x < newWidth; ++x) {
        const place = y * newWidth + x;
        result.levels[place] = f32(result.levels[place] + f32(weight * narrow[(begin + k) * newWidth + x]));
      }
    });
  });
  return result;
}

const powersOfTerms = [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]];

/// Coordinates from -1 to 1 of the pixels along a side.
function coordinates(count) {
  return Array.from({length: count}, (_, i) => (2 * i + 1) / count - 1);
}

/// Solves normal equations by Gaussian elimination on the upper triangle of the matrix.
function solve(matrix, right) {
  const count = right.length;
  for (let i = 0; i < count; ++i) {
    for (let row = i + 1; row < count; ++row) {
      const factor = matrix[i][row] / matrix[i][i];
      for (let column = row; column < count; ++column) matrix[row][column] -= factor * matrix[i][column];
      right[row] -= factor * right[i];
    }
  }
  const solution = Array(count).fill(0);
  for (let i = count - 1; i >= 0; --i) {
    let rest = right[i];
    for (let column = i + 1; column < count; ++column) rest -= matrix[i][column] * solution[column];
    solution[i] = rest / matrix[i][i];
  }
  return solution;
}

/// Sums over the background: of x^i y^j, and of level x^i y^j.
function momentsOf({width, height, levels}, isBackground) {
  const xs = coordinates(width);
  const ys = coordinates(height);
  const table = () => Array.from({length: 5}, () => Array(5).fill(0));
  const moments = {background: table(), level: table()};  // of the latter, orders up to 2 are used
  for (let row = 0; row < height; ++row) {
    const background = Array(5).fill(0);
    const level = Array(5).fill(0);
    for (let column = 0; column < width; ++column) {
      const pixel = row * width + column;
      let power = isBackground[pixel];
      for (let i = 0; i < 5; ++i, power *= xs[column]) {
        background[i] += power;
        level[i] += power * levels[pixel];
      }
    }
    let power = 1;
    for (let j = 0; j < 5; ++j, power *= ys[row]) {
      for (let i = 0; i < 5; ++i) {
        moments.background[i][j] += background[i] * power;
        moments.level[i][j] += level[i] * power;
      }
    }
  }
  return moments;
}

/// Levels minus the surface of `count` terms that fits the background best (host/image/background.cpp).
function withoutSurface(plane, isBackground, count) {
  const {width, height, levels} = plane;
  const moments = momentsOf(plane, isBackground);
  const terms = powersOfTerms.slice(0, count);
  const matrix = terms.map(([x, y], i) => terms.map(([otherX, otherY], j) =>
    moments.background[x + otherX][y + otherY] + (i === j && i > 0 ? 1e-3 * levels.length : 0)));
  const solution = solve(matrix, terms.map(([x, y]) => moments.level[x][y]));
  const [constant, x, y, xx, xy, yy] = [...solution, 0, 0, 0, 0, 0];
  const xs = coordinates(width);
  const ys = coordinates(height);
  const difference = new Float32Array(levels);
  for (let row = 0; row < height; ++row) {
    const begin = constant + ys[row] * (y + ys[row] * yy);
    const slope = x + ys[row] * xy;
    for (let column = 0; column < width; ++column) {
      difference[row * width + column] -= f32(begin + xs[column] * (slope + xs[column] * xx));
    }
  }
  return difference;
}

function extremes(values) {
  let [min, max] = [values[0], values[0]];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return [min, max];
}

/// The threshold that maximizes the variance between two classes of values (Otsu 1979).
function otsuThreshold(values) {
  const [min, max] = extremes(values);
  const width = f32(f32(max - min) / 256);
  const counts = Array(256).fill(0);
  let sum = 0;
  for (const value of values) {
    const bin = Math.min(Math.floor(f32(f32(value - min) / width)), 255);
    counts[bin] += 1;
    sum += bin;
  }
  let [below, sumBelow, greatest, best] = [0, 0, -1, 0];
  for (let bin = 0; bin < 255; ++bin) {
    below += counts[bin];
    sumBelow += bin * counts[bin];
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const difference = sumBelow / below - (sum - sumBelow) / above;
    const variance = below * above * difference * difference;
    if (variance > greatest) [greatest, best] = [variance, bin];
  }
  return f32(min + f32((best + 1) * width));
}

function borderFractionAbove({width, height}, levels, threshold) {
  let [above, all] = [0, 0];
  for (let y = 0; y < height; ++y) {
    const step = y === 0 || y + 1 === height ? 1 : Math.max(width - 1, 1);
    for (let x = 0; x < width; x += step, ++all) above += levels[y * width + x] > threshold ? 1 : 0;
  }
  return above / all;
}

/// Fits the background and segments the ink in alternation, from a first surface of `start` terms.
function segment(plane, start) {
  let isBackground = new Uint8Array(plane.levels.length).fill(1);
  let [strength, threshold] = [null, 0];
  for (let iteration = 0; iteration < 4; ++iteration) {
    strength = withoutSurface(plane, isBackground, iteration === 0 ? start : 6);
    const [min, max] = extremes(strength);
    if (!(f32(max - min) >= 1)) return null;
    threshold = otsuThreshold(strength);
    if (borderFractionAbove(plane, strength, threshold) > 0.5) {
      threshold = -threshold;
      strength = strength.map(level => -level);
    }
    const before = isBackground;
    isBackground = Uint8Array.from(strength, level => level <= threshold ? 1 : 0);
    if (!isBackground.includes(1)) return null;
    if (isBackground.every((value, i) => value === before[i])) break;
  }
  const deviations = [];
  let inkSum = 0;
  strength.forEach((level, i) => isBackground[i] ? deviations.push(Math.abs(level)) : inkSum += level);
  const median = Float32Array.from(deviations).sort()[Math.floor(deviations.length / 2)];
  const noise = f32(f32(1.4826) * median);
  const ink = f32(inkSum / Math.max(strength.length - deviations.length, 1));
  return {strength, threshold, noise, ink, contrast: f32(ink / f32(noise + 1))};
}

/// Connected components of the pixels above `weak`, with the number of those above `strong`.
function components({width, height}, levels, weak, strong) {
  const left = Uint8Array.from(levels, level => level > weak ? 1 : 0);
  const found = [];
  for (let seed = 0; seed < left.length; ++seed) {
    if (!left[seed]) continue;
    const component = {pixels: [seed], strong: 0};
    left[seed] = 0;
    for (let next = 0; next < component.pixels.length; ++next) {
      const pixel = component.pixels[next];
      component.strong += levels[pixel] > strong ? 1 : 0;
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      for (let nearY = Math.max(y - 1, 0); nearY < Math.min(y + 2, height); ++nearY) {
        for (let nearX = Math.max(x - 1, 0); nearX < Math.min(x + 2, width); ++nearX) {
          const near = nearY * width + nearX;
          if (left[near]) {
            left[near] = 0;
            component.pixels.push(near);
          }
        }
      }
    }
    found.push(component);
  }
  return found;
}

function cropped({width, height, levels}) {
  let [left, right, top, bottom] = [width, 0, height, 0];
  levels.forEach((level, i) => {
    if (level > 0) {
      const [x, y] = [i % width, Math.floor(i / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
    }
  });
  const result = {width: right - left, height: bottom - top, levels: new Float32Array((right - left) * (bottom - top))};
  for (let y = 0; y < result.height; ++y) {
    const from = (top + y) * width + left;
    result.levels.set(levels.subarray(from, from + result.width), y * result.width);
  }
  return result;
}

/// The ink, levels from 0 to 1, cropped to its bounding box; null where there is none (host/image/ink.cpp).
function findInk(width, height, grey) {
  const longest = Math.max(width, height, 256);
  const shrunk = side => Math.max(Math.floor((side * 256 + Math.floor(longest / 2)) / longest), 1);
  const plane = scaled({width, height, levels: grey}, shrunk(width), shrunk(height));
  const maps = [segment(plane, 1), segment(plane, 6)].filter(map => map !== null);
  if (maps.length === 0) return null;
  const map = maps.length === 2 && maps[1].contrast > maps[0].contrast ? maps[1] : maps[0];
  if (map.threshold <= 0 || map.ink < 8 || map.contrast < f32(2.9)) return null;
  const weak = Math.min(map.threshold, Math.max(f32(3 * map.noise), f32(f32(0.15) * map.ink)));
  const found = components(plane, map.strength, weak, map.threshold);
  const largest = Math.max(...found.map(component => component.strong));
  const levels = new Float32Array(plane.levels.length);
  for (const component of found) {
    if (component.strong > 0 && component.strong >= 0.03 * largest) {
      for (const pixel of component.pixels) {
        levels[pixel] = Math.min(Math.max(f32(map.strength[pixel] / map.ink), 0), 1);
      }
    }
  }
  return cropped({width: plane.width, height: plane.height, levels});
}

/// The sums of levels by column and by row.
function massesOf(levels, width) {
  const columns = Array(width).fill(0);
  const rows = Array(levels.length / width).fill(0);
  levels.forEach((level, i) => {
    columns[i % width] += level;
    rows[Math.floor(i / width)] += level;
  });
  return [columns, rows];
}

function centreOf(masses) {
  const sum = masses.reduce((total, mass) => total + mass, 0);
  return masses.reduce((moment, mass, i) => moment + mass * (i + 0.5), 0) / sum;
}

/// As MNIST's authors did: the ink in a box of 20 x 20, its centre of mass in the middle (host/image/preprocess.cpp).
function asMnist(ink) {
  const longest = Math.max(ink.width, ink.height);
  const fit = side => Math.max(Math.floor((side * 20 + Math.floor(longest / 2)) / longest), 1);
  const {width, levels} = scaled(ink, fit(ink.width), fit(ink.height));
  const offset = masses =>
    Math.min(Math.max(Math.round(14.5 - centreOf(masses)), 0), sideOfInput - masses.length);
  const [left, top] = massesOf(levels, width).map(offset);
  const full = extremes(levels)[1];
  const input = new Uint8Array(sideOfInput * sideOfInput);
  levels.forEach((level, i) => {
    const place = (top + Math.floor(i / width)) * sideOfInput + left + i % width;
    input[place] = Math.round(f32(f32(level / full) * 255));
  });
  return input;
}

/// An image of 28 x 28 as it is, inverted if it is bright.
function asNotebook(grey) {
  const sum = grey.reduce((total, level) => total + level, 0);
  return sum > 128 * grey.length ? grey.map(level => 255 - level) : grey;
}

/// Whether size and position of the ink are those of MNIST's images.
function looksLikeMnist(input) {
  const masses = massesOf(input, sideOfInput);
  const extent = line => line.findLastIndex(mass => mass > 0) - line.findIndex(mass => mass > 0) + 1;
  const side = Math.max(...masses.map(extent));
  return (side === 20 || side === 19) && masses.every(line => Math.abs(centreOf(line) - 14.5) < 0.6);
}

/// The network's input, 28 x 28 grey levels of bright ink on black; null where no ink is found.
/// @param rgba pixels of width x height, as ImageData has them
function preprocess(rgba, width, height) {
  const isOpaque = rgba.every((value, i) => i % 4 !== 3 || value === 255);
  if (width === sideOfInput && height === sideOfInput && isOpaque) {
    const input = asNotebook(greyOn(rgba, 255));
    if (looksLikeMnist(input)) return input;
  }
  const ink = findInk(width, height, greyOn(rgba, 255)) ??
    (isOpaque ? null : findInk(width, height, greyOn(rgba, 0)));
  return ink === null ? null : asMnist(ink);
}
