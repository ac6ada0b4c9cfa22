"use strict";
// Everything that comes from the data is set as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const texts = data.texts;
const SHOWN = 100;
const BOX = 28;
const LINE = 15;
const LETTERS = 150;

// A cell is the number of a text, or the numbers of its parts.
function textOf(cell) {
  return typeof cell === "number" ? texts[cell] : cell.map((part) => texts[part]).join("");
}

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function shape(name, attributes, parent, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function box(picture, y, text, isGoal) {
  shape("rect", { x: 4, y, width: 1000, height: BOX, rx: 6, class: isGoal ? "goal" : "" }, picture);
  const isAdministrator = isGoal && text.startsWith("arn:");
  shape("text", { x: 14, y: y + 19, class: "name" }, picture, text + (isAdministrator ? " (administrator)" : ""));
}

// The lines of a note, each as long as the drawing is wide.
function linesOf(note) {
  return textOf(note).match(new RegExp(`.{1,${LETTERS}}`, "gs")) || [];
}

// A path as boxes below each other: who, and between them how, by which statement, and what must hold.
function drawing(steps) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("role", "img");
  let y = 4;
  box(picture, y, textOf(steps[0][0]), false);
  steps.forEach(([, target, technique, notes], place) => {
    const lines = notes.flatMap(linesOf);
    const top = y + BOX;
    y = top + 36 + lines.length * LINE;
    shape("path", { d: `M24 ${top} V${y} m-4 -7 l4 7 l4 -7` }, picture);
    shape("text", { x: 40, y: top + 18, class: "name" }, picture, textOf(technique));
    lines.forEach((line, number) => {
      shape("text", { x: 40, y: top + 34 + number * LINE, class: "note" }, picture, line);
    });
    box(picture, y, textOf(target), place === steps.length - 1);
  });
  picture.setAttribute("viewBox", `0 0 1010 ${y + BOX + 8}`);
  return picture;
}

function toggle(row, section, steps) {
  if (row.nextSibling && row.nextSibling.className === "drawing") {
    row.nextSibling.remove();
    return;
  }
  const line = document.createElement("tr");
  line.className = "drawing";
  const cell = element("td", undefined, line);
  cell.colSpan = section.columns.length;
  cell.append(drawing(steps));
  row.after(line);
}

function matching(section) {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  return section.rows.filter(([cells, steps]) => {
    const ofSteps = (steps || []).flatMap(([source, target, technique, notes]) => [source, target, technique, ...notes]);
    const text = [...cells, ...ofSteps].map(textOf).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function fill(body, section, rows) {
  for (const [cells, steps] of rows) {
    const line = element("tr", undefined, body);
    for (const cell of cells) element("td", textOf(cell), line);
    if (steps) {
      line.className = "opens";
      line.tabIndex = 0;
      line.addEventListener("click", () => toggle(line, section, steps));
      line.addEventListener("keydown", (event) => {
        if (event.key === "Enter") toggle(line, section, steps);
      });
    }
  }
}

function show() {
  const main = document.getElementById("sections");
  const chosen = document.getElementById("section").value;
  main.replaceChildren();
  for (const section of data.sections) {
    if (chosen && section.title !== chosen) continue;
    const rows = matching(section);
    element("h2", `${section.title} (${rows.length})`, main);
    element("p", rows.length ? section.about : "None.", main).className = "faint";
    if (!rows.length) continue;
    const table = element("table", undefined, main);
    const head = element("tr", undefined, element("thead", undefined, table));
    for (const [name, width] of section.columns) element("th", name, head).style.width = `${width}%`;
    const body = element("tbody", undefined, table);
    fill(body, section, rows.slice(0, SHOWN));
    if (rows.length > SHOWN) {
      const more = element("button", `Show ${rows.length - SHOWN} more`, main);
      more.addEventListener("click", () => {
        more.remove();
        fill(body, section, rows.slice(SHOWN));
      });
    }
  }
}

const select = document.getElementById("section");
for (const section of data.sections) element("option", section.title, select).value = section.title;
select.addEventListener("change", show);
document.getElementById("search").addEventListener("input", show);
show();
