"use strict";
// Everything that comes from the data is set as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const texts = data.texts;
const STEP = 100;
const SHOWN = 100;

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

function box(picture, place, text, isGoal) {
  const y = place * STEP + 4;
  shape("rect", { x: 4, y, width: 1000, height: 28, rx: 6, class: isGoal ? "goal" : "" }, picture);
  shape("text", { x: 14, y: y + 19, class: "name" }, picture, text);
}

// A path as boxes below each other: who, and between them how, by which statement, and what must hold.
function drawing(steps) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const height = steps.length * STEP + 40;
  picture.setAttribute("viewBox", `0 0 1010 ${height}`);
  picture.setAttribute("role", "img");
  box(picture, 0, texts[steps[0].from], false);
  steps.forEach((step, place) => {
    const top = place * STEP + 32;
    shape("path", { d: `M24 ${top} V${top + STEP - 30} m-4 -7 l4 7 l4 -7` }, picture);
    shape("text", { x: 40, y: top + 18, class: "name" }, picture, texts[step.technique]);
    step.notes.slice(0, 3).forEach((note, line) => {
      shape("text", { x: 40, y: top + 34 + line * 15, class: "note" }, picture, texts[note].slice(0, 150));
    });
    box(picture, place + 1, texts[step.to], place === steps.length - 1);
  });
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
  return section.rows.filter((row) => {
    const text = row.cells.map((cell) => texts[cell]).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function fill(body, section, rows) {
  for (const row of rows) {
    const line = element("tr", undefined, body);
    for (const cell of row.cells) element("td", texts[cell], line);
    if (row.steps) {
      line.className = "opens";
      line.tabIndex = 0;
      line.addEventListener("click", () => toggle(line, section, row.steps));
      line.addEventListener("keydown", (event) => {
        if (event.key === "Enter") toggle(line, section, row.steps);
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
    element("p", section.about, main).className = "faint";
    const table = element("table", undefined, main);
    const head = element("tr", undefined, element("thead", undefined, table));
    for (const column of section.columns) element("th", column, head);
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
