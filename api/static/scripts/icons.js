// Icons, made as SVG nodes: no font, no request, no HTML from text.

const SHAPES = {
  broke: ["M9.5 1.5 4 9h3.5L6.5 14.5 12 7H8.5z"],
  held: ["M8 1.5 2.8 3.6v4c0 3.2 2.1 5.7 5.2 6.9 3.1-1.2 5.2-3.7 5.2-6.9v-4z", "M5.6 7.9 7.3 9.6l3.2-3.3"],
  undetermined: ["M5.4 6a2.6 2.6 0 1 1 3.8 2.3c-.8.4-1.2.9-1.2 1.8", "M8 12.6v.4"],
  error: ["M8 2 1.6 13.2h12.8z", "M8 6.4v3.2", "M8 11.4v.2"],
  cancelled: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z", "M3.9 3.9l8.2 8.2"],
  waiting: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z", "M8 5v3.2l2 1.4"],
  working: ["M8 2a6 6 0 0 1 6 6"],
  again: ["M13.4 8a5.4 5.4 0 1 1-1.5-3.8", "M12.4 1.4v3.2H9.2"],
  check: ["M3 8.4 6.4 12 13 4.6"],
  cross: ["M4 4l8 8M12 4l-8 8"],
  file: ["M4 1.8h5.2L12.4 5v9.2H4z", "M9 1.8V5.2h3.4"],
  download: ["M8 2v8.2", "M4.6 7 8 10.4 11.4 7", "M2.6 13.6h10.8"],
  previous: ["M10 3 5 8l5 5"],
  next: ["M6 3l5 5-5 5"],
  sliders: ["M2 4.5h5M11 4.5h3M9 2.8v3.4M2 11.5h3M9 11.5h5M7 9.8v3.4"],
  sun: ["M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z", "M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3"],
  moon: ["M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z"],
  info: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z", "M8 7.4v3.4", "M8 5.1v.2"],
  flask: ["M6.2 1.8h3.6M6.8 1.8v4.4L3 12.6c-.5.9.1 1.8 1 1.8h8c.9 0 1.5-.9 1-1.8L9.2 6.2V1.8", "M4.6 10h6.8"],
};

const SVG = "http://www.w3.org/2000/svg";

/** An icon, hidden from screen readers: there is always a word with it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(...(SHAPES[name] ?? SHAPES.info).map(line));
  return svg;
}

function line(d) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  return path;
}
