'use strict';
const canvas = document.getElementById('scene');
const pen = canvas.getContext('2d');
const slider = document.getElementById('decision');
const wire = document.getElementById('wire');
const film = document.getElementById('film');
const playButton = document.getElementById('play');
const NEAR = 0.03;
let held = null;  // the pointer, while it turns or moves the scene
const LIGHT = unit([0.35, 0.55, 1]);

function minus(a, b) { return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]; }
function dot(a, b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0]];
}
function unit(a) {
  const length = Math.hypot(...a) || 1;
  return a.map((part) => part / length);
}

// A geom that has not moved has no pose of its own: it is where it was.
for (let at = 1; at < world.poses.length; at++) {
  world.poses[at] = world.poses[at].map(
    (pose, solid) => pose || world.poses[at - 1][solid]);
}

// The eye goes round the target at two angles and a distance.
const eye = {};
function home() {
  const away = minus(world.eye.position, world.eye.target);
  eye.distance = Math.hypot(...away);
  eye.turn = Math.atan2(away[1], away[0]);
  eye.lift = Math.asin(away[2] / eye.distance);
  eye.target = [...world.eye.target];
}

function frame() {
  const flat = Math.cos(eye.lift);
  const back = [flat * Math.cos(eye.turn), flat * Math.sin(eye.turn),
    Math.sin(eye.lift)];
  const right = unit(cross([0, 0, 1], back));
  const at = eye.target.map((part, k) => part + eye.distance * back[k]);
  return {at, back, right, up: cross(back, right)};
}

function projector(view) {
  const focal = canvas.height / 2 / Math.tan(world.eye.fovy * Math.PI / 360);
  return (point) => {
    const local = minus(point, view.at);
    const depth = -dot(local, view.back);
    if (depth < NEAR) return null;
    return [canvas.width / 2 + focal * dot(local, view.right) / depth,
      canvas.height / 2 - focal * dot(local, view.up) / depth, 1 / depth];
  };
}

function placed(vertices, pose) {
  const points = [];
  for (let k = 0; k < vertices.length; k += 3) {
    const [x, y, z] = [vertices[k], vertices[k + 1], vertices[k + 2]];
    points.push([
      pose[0] + pose[3] * x + pose[4] * y + pose[5] * z,
      pose[1] + pose[6] * x + pose[7] * y + pose[8] * z,
      pose[2] + pose[9] * x + pose[10] * y + pose[11] * z]);
  }
  return points;
}

// Calls `each` with the pixels, depths and colour of every face that looks
// towards the eye.
function eachFace(poses, view, project, each) {
  world.solids.forEach((solid, number) => {
    const points = placed(solid.vertices, poses[number]);
    const pixels = points.map(project);
    for (let k = 0; k < solid.faces.length; k += 4) {
      const corners = solid.faces.slice(k, k + 4);
      if (corners.some((corner) => pixels[corner] === null)) continue;
      const [a, b, c, d] = corners.map((corner) => points[corner]);
      const normal = cross(minus(c, a), minus(d, b));
      if (dot(normal, minus(view.at, a)) <= 0) continue;
      each(corners.map((corner) => pixels[corner]),
        tone(solid.rgb, unit(normal)));
    }
  });
}

function tone(rgb, normal) {
  const light = 0.58 + 0.14 * normal[2] + 0.36 * Math.max(0, dot(normal, LIGHT));
  return rgb.map((part) => Math.round(255 * Math.min(1, part * light)));
}

// Fills a triangle where it is nearer than what is there. Nearness is one over
// the depth, which is what varies linearly over a picture.
function fill(target, a, b, c, colour) {
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  if (!area) return;
  const {width, height, near, rgba} = target;
  const left = Math.max(0, Math.floor(Math.min(a[0], b[0], c[0])));
  const right = Math.min(width - 1, Math.ceil(Math.max(a[0], b[0], c[0])));
  const top = Math.max(0, Math.floor(Math.min(a[1], b[1], c[1])));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(a[1], b[1], c[1])));
  const bx = (c[1] - a[1]) / area, by = (a[0] - c[0]) / area;
  const cx = (a[1] - b[1]) / area, cy = (b[0] - a[0]) / area;
  for (let y = top; y <= bottom; y++) {
    let ofB = bx * (left + 0.5 - a[0]) + by * (y + 0.5 - a[1]);
    let ofC = cx * (left + 0.5 - a[0]) + cy * (y + 0.5 - a[1]);
    for (let x = left, at = y * width + left; x <= right; x++, at++) {
      if (ofB >= 0 && ofC >= 0 && ofB + ofC <= 1) {
        const nearness = a[2] + ofB * (b[2] - a[2]) + ofC * (c[2] - a[2]);
        if (nearness > near[at]) {
          near[at] = nearness;
          rgba[at] = colour;
        }
      }
      ofB += bx;
      ofC += cx;
    }
  }
}

const solidCanvas = document.createElement('canvas');
function drawSolids(poses, view, project, fine) {
  const width = solidCanvas.width = canvas.width * fine;
  const height = solidCanvas.height = canvas.height * fine;
  const solidPen = solidCanvas.getContext('2d');
  const image = solidPen.createImageData(width, height);
  const target = {width, height, near: new Float32Array(width * height),
    rgba: new Uint32Array(image.data.buffer)};
  eachFace(poses, view, project, (pixels, rgb) => {
    const colour = (255 << 24 | rgb[2] << 16 | rgb[1] << 8 | rgb[0]) >>> 0;
    const [a, b, c, d] = pixels.map(
      (pixel) => [pixel[0] * fine, pixel[1] * fine, pixel[2]]);
    fill(target, a, b, c, colour);
    fill(target, a, c, d, colour);
  });
  solidPen.putImageData(image, 0, 0);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(solidCanvas, 0, 0, canvas.width, canvas.height);
}

function drawWires(poses, view, project) {
  pen.strokeStyle = 'rgba(60, 68, 76, 0.3)';
  pen.lineWidth = 1;
  eachFace(poses, view, project, (pixels) => {
    pen.beginPath();
    for (const pixel of pixels) pen.lineTo(pixel[0], pixel[1]);
    pen.closePath();
    pen.stroke();
  });
}

function drawLines(lines, project, scale) {
  const pixels = lines.map((line) => {
    const found = [];
    for (let k = 0; k < line.length; k += 3) {
      found.push(project([line[k] / 1000, line[k + 1] / 1000,
        line[k + 2] / 1000]));
    }
    return found;
  });
  pen.lineCap = 'round';
  const stroke = (line, at) => {
    if (!line[at - 1] || !line[at]) return;
    pen.beginPath();
    pen.moveTo(line[at - 1][0], line[at - 1][1]);
    pen.lineTo(line[at][0], line[at][1]);
    pen.stroke();
  };
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.6 * scale;
  for (let at = world.horizon - 1; at > 0; at--) {
    pen.strokeStyle = `rgb(${world.colours[at]})`;
    for (const line of pixels) stroke(line, at);
  }
  pen.globalAlpha = 1;
  for (const [width, dark] of [[4.4, true], [2.4, false]]) {
    pen.lineWidth = width * scale;
    for (let at = world.horizon - 1; at > 0; at--) {
      pen.strokeStyle = dark ? '#14171a' : `rgb(${world.colours[at]})`;
      stroke(pixels[0], at);
    }
  }
}

// Coarsely while the mouse turns the scene, and finely once it rests.
let waiting = false, resting = 0;
function draw(moving) {
  clearTimeout(resting);
  if (moving !== true) {
    paint(2);
    return;
  }
  resting = setTimeout(() => paint(2), 150);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => paint(1));
}

function paint(fine) {
  waiting = false;
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(width * scale / world.eye.aspect);
  const view = frame(), project = projector(view);
  const at = Number(slider.value), decision = world.decisions[at];
  if (wire.checked) drawWires(world.poses[at], view, project);
  else drawSolids(world.poses[at], view, project, fine);
  drawLines(decision.lines, project, scale);
  document.getElementById('told').textContent =
    `${(decision.step / world.rate).toFixed(1)} s, decision ` +
    `${at + 1} of ${world.decisions.length}`;
}

function choose(at) {
  slider.value = at;
  if (film && film.paused) {
    film.currentTime = (world.decisions[at].step + 0.5) / world.rate;
  }
  draw();
}

let playing = 0;
function play() {
  if (playing) {
    clearInterval(playing);
    playing = 0;
  } else {
    playing = setInterval(() => choose(
      (Number(slider.value) + 1) % world.decisions.length), 900);
  }
  playButton.textContent = playing ? 'pause' : 'play';
}

canvas.addEventListener('pointerdown', (event) => {
  held = {x: event.clientX, y: event.clientY,
    move: event.shiftKey || event.button === 2};
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener('pointermove', (event) => {
  if (!held) return;
  const dx = event.clientX - held.x, dy = event.clientY - held.y;
  [held.x, held.y] = [event.clientX, event.clientY];
  if (held.move) {
    const view = frame(), by = eye.distance / canvas.clientWidth;
    eye.target = eye.target.map((part, k) =>
      part + by * (dy * view.up[k] - dx * view.right[k]));
  } else {
    eye.turn -= dx * 0.008;
    eye.lift = Math.max(-1.5, Math.min(1.5, eye.lift + dy * 0.008));
  }
  draw(true);
});
for (const end of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(end, () => { held = null; });
}
canvas.addEventListener('contextmenu', (event) => event.preventDefault());
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  const by = Math.exp(event.deltaY * 0.001);
  eye.distance = Math.max(0.1, Math.min(8, eye.distance * by));
  draw(true);
}, {passive: false});
slider.addEventListener('input', () => choose(Number(slider.value)));
wire.addEventListener('change', draw);
playButton.addEventListener('click', play);
document.getElementById('home').addEventListener('click', () => {
  home();
  draw();
});
window.addEventListener('resize', draw);
if (film) {
  film.addEventListener('click', () => {
    if (film.paused) film.play(); else film.pause();
  });
  film.addEventListener('timeupdate', () => {
    if (film.paused) return;
    const step = film.currentTime * world.rate;
    const begun = world.decisions.filter((each) => each.step <= step);
    slider.value = Math.max(0, begun.length - 1);
    draw();
  });
}
home();
choose(0);
