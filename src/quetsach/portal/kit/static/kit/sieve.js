// A long table gets a box that leaves the rows with the typed words, with or without marks, and a tick that leaves the open ones.
const folded = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");
for (const table of document.querySelectorAll("table[data-sieve]")) {
  const words = table.dataset;
  const rows = [...table.tBodies[0].querySelectorAll("tr:not(.sub)")].map((row) => ({ row, name: folded(row.cells[0].textContent) }));
  const box = document.createElement("div");
  box.className = "sieve block-s no-print";
  const field = document.createElement("label");
  field.textContent = words.sieve;
  const typed = document.createElement("input");
  typed.type = "search";
  typed.autocomplete = "off";
  field.append(typed);
  const only = document.createElement("label");
  only.className = "tick";
  const tick = document.createElement("input");
  tick.type = "checkbox";
  only.append(tick, words.sieveOpen);
  const said = document.createElement("p");
  said.className = "muted";
  said.role = "status";
  const sift = () => {
    const wanted = folded(typed.value).split(/\s+/).filter(Boolean);
    let left = 0;
    for (const { row, name } of rows) {
      row.hidden = !wanted.every((word) => name.includes(word)) || (tick.checked && !("open" in row.dataset));
      left += !row.hidden;
    }
    said.textContent = `${left} / ${rows.length}`;
  };
  typed.addEventListener("input", sift);
  tick.addEventListener("change", sift);
  box.append(field, only, said);
  table.before(box);
  sift();
}
