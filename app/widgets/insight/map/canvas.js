// The map of samples: points drawn with WebGL, a lasso and a box to choose them.
//
// Owns drawing and choosing. What comes in is bytes (a header in JSON, then typed arrays); what goes
// out is the outline of what was chosen, never the points in it. Every text is set as text: cluster
// labels and categories come from models.

const GRID = 65535; // points lie on a grid of this many steps a side
const MISSING = 255;
const MOST_ZOOM = 60;
const CLICK_PX = 8;
const STEP_PX = 4; // a lasso remembers a corner each so many pixels
const MOST_CORNERS = 400;
const OTHER = [140, 149, 143];

const ICONS = {
  lasso: "M7 14c-2-1-3-2.3-3-4 0-3.3 3.6-6 8-6s8 2.7 8 6-3.6 6-8 6c-1.5 0-2.900-.3-4-.8M7 14a2 2 0 1 0 1 3c0 2-1 3-2.5 3.5",
  box: "M5 5h3M11 5h3M17 5h2v2M19 10v3M19 16v3h-2M14 19h-3M8 19H5v-2M5 14v-3M5 8V5",
  pan: "M12 4v16M4 12h16M12 4l-2 2M12 4l2 2M12 20l-2-2M12 20l2-2M4 12l2-2M4 12l2 2M20 12l-2-2M20 12l-2 2",
  closer: "M12 6v12M6 12h12",
  farther: "M6 12h12",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  none: "M6 6l12 12M18 6L6 18",
};
const TOOLS = [
  ["lasso", "Choose with a lasso; hold Shift to add"], ["box", "Choose with a box; hold Shift to add"],
  ["pan", "Move the map"],
];
const COMMANDS = [
  ["closer", "Zoom in (+)"], ["farther", "Zoom out (-)"], ["whole", "Show the whole map (0)"],
  ["none", "Choose nothing (Esc)"],
];

const VERTEX = `
attribute vec2 place; attribute float code; attribute float chosen;
uniform vec4 view; uniform mediump float size; uniform float wanted; uniform float dims;
uniform sampler2D palette; varying mediump vec4 ink;
void main() {
  vec4 color = texture2D(palette, vec2((code + 0.5) / 256.0, 0.5));
  bool skipped = color.a == 0.0 || abs(chosen - wanted) > 0.5;
  gl_Position = skipped ? vec4(2.0, 2.0, 0.0, 1.0)
    : vec4((place - view.xy) * view.zw * 2.0, 0.0, 1.0);
  gl_PointSize = size;
  ink = vec4(color.rgb, dims > 0.5 && chosen < 0.5 ? 0.13 : 0.8);
}`;
const FRAGMENT = `
precision mediump float; varying mediump vec4 ink; uniform mediump float size;
void main() {
  float far = length(gl_PointCoord - 0.5) * size;
  float alpha = ink.a * clamp(size * 0.5 - far + 0.5, 0.0, 1.0);
  gl_FragColor = vec4(ink.rgb * alpha, alpha);
}`;

function unpack(bytes) {
  const start = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + start)));
  const body = bytes.slice(4 + start); // a copy of its own is aligned
  const places = new Uint16Array(body.buffer, 0, 2 * header.n);
  const codes = new Uint8Array(body.buffer, 4 * header.n, header.n);
  return { header, places, codes };
}

function rgb(text) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = text;
  const hex = probe.fillStyle;
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function mix(a, b, share) {
  return a.map((value, i) => Math.round(value + (b[i] - value) * share));
}

const css = (color) => `rgb(${color.join(",")})`;

function element(tag, kind, parent, text) {
  const made = document.createElement(tag);
  made.className = kind;
  if (text !== undefined) made.textContent = text;
  parent?.appendChild(made);
  return made;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.appendChild(line);
  return svg;
}

class Plane {
  constructor(host) {
    this.frame = element("div", "map", host);
    this.plane = element("div", "plane lasso", this.frame);
    this.plane.tabIndex = 0;
    this.plane.setAttribute("role", "application");
    this.points = element("canvas", "", this.plane);
    this.labels = element("div", "labels", this.plane);
    this.sketch = element("canvas", "", this.plane);
    this.status = element("div", "status", this.plane);
    this.status.setAttribute("role", "status");
    this.tip = element("div", "tip", this.plane);
    this.tools = element("div", "tools", this.plane);
    this.legend = element("div", "legend", this.frame);
    this.tool = "lasso";
    this.center = [0.5, 0.5];
    this.zoom = 0.94;
    this.hidden = new Set();
    this.outlines = [];
    this.path = null;
    this.n = 0;
    this.addTools();
    this.listen();
    this.start();
  }

  addTools() {
    for (const [name, title] of [...TOOLS, ...COMMANDS]) {
      const button = element("button", "", this.tools);
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title);
      button.appendChild(icon(ICONS[name]));
      button.dataset.name = name;
      button.addEventListener("click", () => this.command(name));
    }
    this.markTool();
  }

  markTool() {
    this.plane.className = `plane ${this.tool}`;
    for (const button of this.tools.children) {
      if (TOOLS.some(([name]) => name === button.dataset.name)) {
        button.setAttribute("aria-pressed", String(button.dataset.name === this.tool));
      }
    }
  }

  command(name) {
    if (TOOLS.some(([tool]) => tool === name)) {
      this.tool = name;
      this.markTool();
    } else if (name === "none") this.choose([]);
    else if (name === "whole") this.look([0.5, 0.5], 0.94);
    else this.zoomAt(name === "closer" ? 1.5 : 1 / 1.5, [0.5, 0.5]);
  }

  start() {
    const gl = this.points.getContext("webgl", {
      antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: true,
    });
    this.gl = gl;
    if (!gl) {
      element("div", "failure", this.plane, "This browser draws no WebGL, so the map cannot be shown.");
      return;
    }
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    this.where = (name) => gl.getUniformLocation(program, name);
    this.buffers = {};
    const attributes = [["place", 2, gl.UNSIGNED_SHORT, true], ["code", 1, gl.UNSIGNED_BYTE, false],
      ["chosen", 1, gl.UNSIGNED_BYTE, false]];
    for (const [name, parts, kind, isUnit] of attributes) {
      this.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      const at = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, parts, kind, isUnit, 0, 0);
    }
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.NEAREST], [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.plane);
  }

  upload(name, values) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
  }

  show(bytes, send) {
    this.send = send;
    const { header, places, codes } = unpack(bytes);
    const isOther = header.points !== this.header?.points;
    const isField = header.field !== this.header?.field;
    this.header = header;
    this.codes = codes;
    if (isOther) {
      this.n = header.n;
      this.places = places;
      this.chosen = new Uint8Array(header.n);
      this.outlines = [];
    }
    if (isOther || isField) this.hidden.clear();
    this.plane.setAttribute("aria-label", header.title);
    this.color();
    this.list();
    this.label();
    if (this.gl) {
      if (isOther) this.upload("place", places);
      this.upload("code", codes);
      this.upload("chosen", this.chosen);
    }
    this.report();
    this.draw();
  }

  theme(name) {
    return getComputedStyle(this.frame).getPropertyValue(`--st-${name}`).trim();
  }

  color() {
    this.ground = rgb(this.theme("background-color"));
    const ink = rgb(this.theme("text-color"));
    const base = this.theme("chart-categorical-colors").split(/,(?![^(]*\))/).map(rgb);
    const steps = this.theme("chart-sequential-colors").split(/,(?![^(]*\))/).map(rgb).slice(3);
    const { kind, names, colors } = this.header;
    this.palette = [];
    for (let code = 0; code < 256; code++) {
      if (kind === "number") {
        const at = (Math.min(code, 254) / 254) * (steps.length - 1);
        const low = Math.floor(at);
        this.palette.push(mix(steps[low], steps[Math.min(low + 1, steps.length - 1)], at - low));
      } else if (names[code] === null) this.palette.push(OTHER);
      else if (colors[code]) this.palette.push(rgb(colors[code]));
      else {
        const turn = Math.floor(code / base.length);
        this.palette.push(mix(base[code % base.length], ink, Math.min(0.4 * turn, 0.8)));
      }
    }
    if (kind === "number") this.palette[MISSING] = OTHER;
    this.fillPalette();
  }

  fillPalette() {
    if (!this.gl) return;
    const texels = new Uint8Array(1024);
    this.palette.forEach((color, code) => {
      texels.set([...color, this.hidden.has(code) ? 0 : 255], 4 * code);
    });
    const gl = this.gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  list() {
    this.legend.replaceChildren();
    const { kind, names, counts, low, high, label, missing } = this.header;
    element("div", "field", this.legend, label);
    if (kind === "number") {
      const ramp = element("div", "ramp", this.legend);
      const stops = [0, 64, 128, 192, 254].map((code) => css(this.palette[code]));
      ramp.style.background = `linear-gradient(90deg, ${stops.join(",")})`;
      const ends = element("div", "ends", this.legend);
      element("span", "", ends, this.number(low));
      element("span", "", ends, this.number(high));
      if (missing) element("div", "hint", this.legend, `${missing.toLocaleString("en")} without a value, in grey`);
      return;
    }
    names.forEach((name, code) => {
      const row = element("button", "", this.legend);
      row.type = "button";
      row.setAttribute("aria-pressed", String(!this.hidden.has(code)));
      row.title = `${name ?? "Other"}: click to hide or show, double-click to see it alone`;
      element("i", "", row).style.background = css(this.palette[code]);
      element("span", "name", row, name ?? "Other");
      element("span", "count", row, counts[code].toLocaleString("en"));
      row.addEventListener("click", (event) => this.toggle(code, event.detail === 2));
    });
  }

  number(value) {
    return Number(value.toPrecision(4)).toLocaleString("en");
  }

  toggle(code, isAlone) {
    if (isAlone) {
      const others = this.header.names.map((_, other) => other).filter((other) => other !== code);
      const isSolo = others.every((other) => this.hidden.has(other));
      this.hidden = new Set(isSolo ? [] : others);
    } else if (!this.hidden.delete(code)) this.hidden.add(code);
    [...this.legend.querySelectorAll("button")].forEach((row, at) => {
      row.setAttribute("aria-pressed", String(!this.hidden.has(at)));
    });
    this.fillPalette();
    this.draw();
  }

  label() {
    this.labels.replaceChildren();
    for (const { text } of this.header.labels) element("span", "", this.labels, text);
    this.widths = [...this.labels.children].map((text) => text.offsetWidth);
  }

  size() {
    return [this.plane.clientWidth, this.plane.clientHeight];
  }

  // From the unit square (y up) to pixels (y down), and back.
  toPixels([x, y]) {
    const [width, height] = this.size();
    return [
      ((x - this.center[0]) * this.zoom + 0.5) * width,
      (0.5 - (y - this.center[1]) * this.zoom) * height,
    ];
  }

  toUnit([px, py]) {
    const [width, height] = this.size();
    return [
      (px / width - 0.5) / this.zoom + this.center[0],
      (0.5 - py / height) / this.zoom + this.center[1],
    ];
  }

  look(center, zoom) {
    this.center = center.map((value) => Math.min(1, Math.max(0, value)));
    this.zoom = Math.min(MOST_ZOOM, Math.max(0.6, zoom));
    this.draw();
  }

  zoomAt(factor, [x, y]) {
    const zoom = Math.min(MOST_ZOOM, Math.max(0.6, this.zoom * factor));
    const kept = this.zoom / zoom;
    this.look([x + (this.center[0] - x) * kept, y + (this.center[1] - y) * kept], zoom);
  }

  // Only what was drawn by hand changes while the pen moves: the points stay as they are.
  draw({ points = true } = {}) {
    this.isStale ||= points;
    this.wish ??= requestAnimationFrame(() => {
      this.wish = null;
      this.paint();
    });
  }

  paint() {
    const gl = this.gl;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = this.size();
    if (!gl || !this.header || !width) return;
    for (const canvas of [this.points, this.sketch]) {
      if (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio)) continue;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    if (!this.isStale) return this.outline(ratio);
    this.isStale = false;
    gl.viewport(0, 0, this.points.width, this.points.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const size = Math.min(9, Math.max(2.5, 90 / Math.sqrt(Math.sqrt(this.n) * 8) * this.zoom ** 0.35));
    gl.uniform4f(this.where("view"), ...this.center, this.zoom, this.zoom);
    gl.uniform1f(this.where("size"), size * ratio);
    gl.uniform1f(this.where("dims"), this.count ? 1 : 0);
    for (const wanted of this.count ? [0, 1] : [0]) {
      gl.uniform1f(this.where("wanted"), wanted);
      gl.drawArrays(gl.POINTS, 0, this.n);
    }
    this.placeLabels();
    this.outline(ratio);
  }

  // The larger clusters come first; a label that would lie on one of theirs waits for a closer look.
  placeLabels() {
    const taken = [];
    this.header.labels.forEach(({ x, y }, at) => {
      const [px, py] = this.toPixels([x / GRID, y / GRID]);
      const half = this.widths[at] / 2;
      const isFree = taken.every(([ox, oy, other]) => (
        Math.abs(ox - px) > half + other + 4 || Math.abs(oy - py) > 20));
      if (isFree) taken.push([px, py, half]);
      const style = this.labels.children[at].style;
      style.visibility = isFree ? "visible" : "hidden";
      style.left = `${px}px`;
      style.top = `${py}px`;
    });
  }

  outline(ratio) {
    const pen = this.sketch.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.sketch.width, this.sketch.height);
    pen.strokeStyle = this.theme("primary-color");
    pen.lineWidth = 1.5;
    const shapes = this.outlines.map((corners) => corners.map(([x, y]) => [x / GRID, y / GRID]));
    if (this.path) shapes.push(this.path);
    for (const corners of shapes) {
      pen.beginPath();
      for (const corner of corners) pen.lineTo(...this.toPixels(corner));
      pen.closePath();
      pen.setLineDash(corners === this.path ? [5, 4] : []);
      pen.stroke();
    }
  }

  nearest([px, py]) {
    const [ux, uy] = this.toUnit([px, py]);
    const [width, height] = this.size();
    const sx = (width * this.zoom) / GRID;
    const sy = (height * this.zoom) / GRID;
    let best = -1;
    let least = CLICK_PX ** 2;
    for (let i = 0; i < this.n; i++) {
      const dx = (this.places[2 * i] - ux * GRID) * sx;
      if (dx > CLICK_PX || dx < -CLICK_PX) continue;
      const dy = (this.places[2 * i + 1] - uy * GRID) * sy;
      const far = dx * dx + dy * dy;
      if (far < least && !this.hidden.has(this.codes[i])) [best, least] = [i, far];
    }
    return best;
  }

  inside(corners, mark) {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [x, y] of corners) {
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [low, high] = [Math.min(low, y), Math.max(high, y)];
    }
    for (let i = 0; i < this.n; i++) {
      const [x, y] = [this.places[2 * i], this.places[2 * i + 1]];
      if (x < left || x > right || y < low || y > high || this.hidden.has(this.codes[i])) continue;
      let isIn = false;
      for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
        const [ax, ay] = corners[a];
        const [bx, by] = corners[b];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isIn = !isIn;
      }
      if (isIn) mark[i] = 1;
    }
  }

  choose(outlines, point = null) {
    this.outlines = outlines;
    this.chosen = new Uint8Array(this.n);
    for (const corners of outlines) this.inside(corners, this.chosen);
    if (point !== null) this.chosen[point] = 1;
    if (this.gl) this.upload("chosen", this.chosen);
    this.report();
    this.draw();
    this.send("choice", !outlines.length && point === null ? null : {
      outlines, point, field: this.header.field, hidden: [...this.hidden],
    });
  }

  report() {
    this.count = this.chosen.reduce((sum, value) => sum + value, 0);
    this.status.textContent = this.count
      ? `${this.count.toLocaleString("en")} of ${this.n.toLocaleString("en")} chosen` : "";
  }

  finish(isAdded) {
    const path = this.path;
    this.path = null;
    const step = Math.max(1, Math.ceil(path.length / MOST_CORNERS));
    const corners = path.filter((_, at) => at % step === 0)
      .map((corner) => corner.map((value) => Math.round(value * GRID)));
    this.choose([...(isAdded ? this.outlines : []), corners]);
  }

  listen() {
    const plane = this.plane;
    const at = (event) => {
      const box = plane.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    let from = null;
    plane.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".tools") || event.button > 1 || !this.header) return;
      plane.setPointerCapture(event.pointerId);
      from = { at: at(event), center: this.center, pans: this.tool === "pan" || event.button === 1 };
      this.tip.style.display = "none";
    });
    plane.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (!from) this.hover(event.target.closest(".tools") ? null : now);
      else if (from.pans) {
        const [width, height] = this.size();
        this.look([
          from.center[0] - (now[0] - from.at[0]) / width / this.zoom,
          from.center[1] + (now[1] - from.at[1]) / height / this.zoom,
        ], this.zoom);
      } else this.extend(from.at, now);
    });
    plane.addEventListener("pointerup", (event) => {
      if (!from) return;
      const moved = Math.hypot(...at(event).map((value, i) => value - from.at[i]));
      if (from.pans) from = null;
      else if (this.path && moved + this.path.length > 6) this.finish(event.shiftKey);
      else {
        this.path = null;
        const point = this.nearest(at(event));
        this.choose([], point < 0 ? null : point);
      }
      from = null;
    });
    plane.addEventListener("pointercancel", () => {
      from = this.path = null;
      this.draw();
    });
    plane.addEventListener("pointerleave", () => this.hover(null));
    plane.addEventListener("wheel", (event) => {
      // The page scrolls on unless the map was clicked, or the key for zooming is held.
      if (!event.ctrlKey && plane.getRootNode().activeElement !== plane) return;
      event.preventDefault();
      this.zoomAt(Math.exp(-event.deltaY * 0.0015), this.toUnit(at(event)));
    }, { passive: false });
    plane.addEventListener("dblclick", (event) => event.preventDefault());
    plane.addEventListener("keydown", (event) => this.key(event));
  }

  extend(start, now) {
    if (this.tool === "box") {
      const corners = [start, [now[0], start[1]], now, [start[0], now[1]]];
      this.path = corners.map((corner) => this.toUnit(corner));
    } else {
      this.path ??= [this.toUnit(start)];
      const last = this.toPixels(this.path[this.path.length - 1]);
      if (Math.hypot(now[0] - last[0], now[1] - last[1]) >= STEP_PX) this.path.push(this.toUnit(now));
    }
    this.draw({ points: false });
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const commands = { "+": "closer", "=": "closer", "-": "farther", "0": "whole", Escape: "none" };
    if (moves[event.key]) {
      const step = 0.1 / this.zoom;
      this.look(this.center.map((value, i) => value + moves[event.key][i] * step), this.zoom);
    } else if (commands[event.key] && !event.ctrlKey && !event.metaKey) this.command(commands[event.key]);
    else return;
    event.preventDefault();
  }

  hover(now) {
    const point = now && this.header ? this.nearest(now) : -1;
    this.tip.style.display = point < 0 ? "none" : "block";
    if (point < 0) return;
    const { kind, names, low, high, label } = this.header;
    const code = this.codes[point];
    const value = kind === "category" ? names[code] ?? "Other"
      : code === MISSING ? "no value" : `about ${this.number(low + (code / 254) * (high - low))}`;
    this.tip.textContent = `${label}: ${value}`;
    const [width, height] = this.size();
    this.tip.style.left = `${Math.min(now[0] + 12, width - 200)}px`;
    this.tip.style.top = `${Math.min(now[1] + 12, height - 30)}px`;
  }

  end() {
    this.watcher?.disconnect();
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

const planes = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let plane = planes.get(parentElement);
  if (!plane) {
    plane = new Plane(parentElement);
    planes.set(parentElement, plane);
  }
  plane.show(data, setStateValue);
  return () => {
    plane.end();
    planes.delete(parentElement);
  };
}
