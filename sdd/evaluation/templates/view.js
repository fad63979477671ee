'use strict';
const film = document.getElementById('film');
const bars = [...document.querySelectorAll('.bar')];
const verdicts = [...document.querySelectorAll('.verdict')];
const playhead = document.getElementById('playhead');
const cursors = [...document.querySelectorAll('svg.chart')].map((chart) => {
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  line.setAttribute('class', 'now');
  line.setAttribute('y1', chartFrame.top);
  line.setAttribute('y2', chartFrame.bottom);
  chart.append(line);
  return line;
});
let kept = 0;

function clamp(step) {
  return Math.max(0, Math.min(moments.steps - 1, step));
}

// Shows everything but the film at a step.
function show(step) {
  const states = moments.states[step];
  verdicts.forEach((cell, node) => { cell.textContent = states[node]; });
  document.getElementById('moment').textContent =
    `${(step / moments.rate).toFixed(1)} s, step ${step}`;
  document.getElementById('sub').textContent = moments.sub[step];
  document.querySelector('#skill code').textContent =
    moments.skill[step] || 'waiting, or back to rest';
  playhead.style.left = `${100 * (step + 0.5) / moments.steps}%`;
  const share = moments.steps > 1 ? step / (moments.steps - 1) : 0;
  const x = chartFrame.left + share * (chartFrame.right - chartFrame.left);
  for (const line of cursors) {
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
  }
}

// A step is on the screen from its time to that of the next: aim between.
function seek(step, keep) {
  step = clamp(step);
  if (keep) kept = step;
  film.currentTime = (step + 0.5) / moments.rate;
  show(step);
}

function follow() {
  show(clamp(Math.floor(film.currentTime * moments.rate + 1e-3)));
  if (!film.paused) requestAnimationFrame(follow);
}

function listen(element, stepAt) {
  element.addEventListener('pointermove', (event) => {
    if (film.paused) seek(stepAt(event), false);
  });
  element.addEventListener('click', (event) => seek(stepAt(event), true));
  element.addEventListener('pointerleave', () => {
    if (film.paused) seek(kept, false);
  });
}

for (const bar of bars) {
  listen(bar, (event) => {
    const box = bar.getBoundingClientRect();
    return Math.floor((event.clientX - box.left) / box.width * moments.steps);
  });
}
for (const chart of document.querySelectorAll('svg.chart')) {
  listen(chart, (event) => {
    const box = chart.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * chartFrame.width;
    const share = (x - chartFrame.left) / (chartFrame.right - chartFrame.left);
    return Math.round(share * (moments.steps - 1));
  });
}
const play = document.getElementById('play');
const speeds = [...document.querySelectorAll('.speed')];
function toggle() {
  if (film.paused) film.play(); else film.pause();
}
function hasten(chosen) {
  film.playbackRate = Number(chosen.dataset.speed);
  for (const button of speeds) {
    button.setAttribute('aria-pressed', String(button === chosen));
  }
}
for (const button of speeds) {
  button.addEventListener('click', () => hasten(button));
}
hasten(speeds[0]);
play.addEventListener('click', toggle);
film.addEventListener('click', toggle);
film.addEventListener('play', () => { play.textContent = 'pause'; follow(); });
film.addEventListener('pause', () => {
  play.textContent = 'play';
  kept = clamp(Math.floor(film.currentTime * moments.rate + 1e-3));
});
film.addEventListener('seeked', () => { if (!film.paused) follow(); });
document.addEventListener('keydown', (event) => {
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  film.pause();
  seek(kept + by, true);
  event.preventDefault();
});
show(0);
