// 95 % intervals of a rate, as core/statistics/intervals.py computes them; a test compares both.

const Z = 1.959963984540054;
const ALPHA = 0.05;
const BISECTIONS = 60;

/** Wilson’s interval, for a number of hunts that was fixed beforehand: [low, high]. */
export function wilson(broke, decided) {
  const rate = broke / decided;
  const scale = 1 + Z ** 2 / decided;
  const middle = (rate + Z ** 2 / (2 * decided)) / scale;
  const half = (Z / scale) * Math.sqrt((rate * (1 - rate)) / decided + Z ** 2 / (4 * decided ** 2));
  return [Math.max(0, Math.min(rate, middle - half)), Math.min(1, Math.max(rate, middle + half))];
}

/** The confidence sequence, which holds however often it is shown: [low, high]. */
export function confidenceSequence(broke, decided) {
  const held = decided - broke;
  const limit = logBeta(broke, held) + Math.log(ALPHA);
  const isInside = (rate) => timesLog(broke, rate) + timesLog(held, 1 - rate) > limit;
  const rate = broke / decided;
  return [broke === 0 ? 0 : boundary(isInside, rate, 0), held === 0 ? 1 : boundary(isInside, rate, 1)];
}

function boundary(isInside, within, without) {
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (within + without) / 2;
    if (isInside(middle)) within = middle;
    else without = middle;
  }
  return within;
}

/** log B(1 + broke, 1 + held), of whole numbers. */
function logBeta(broke, held) {
  let sum = -Math.log(broke + held + 1);
  for (let place = 1; place <= broke; place += 1) sum -= Math.log((held + place) / place);
  return sum;
}

function timesLog(count, value) {
  return count === 0 ? 0 : count * Math.log(value);
}
