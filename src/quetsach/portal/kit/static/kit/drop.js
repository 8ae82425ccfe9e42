// A field for files takes dropped files too. Without this script it is the plain field, which keeps working beside it.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const field = zone.querySelector("input[type=file]");
  const words = zone.dataset;
  const hint = document.createElement("p");
  hint.className = "drop-hint";
  hint.textContent = words.drop;
  const said = document.createElement("p");
  said.className = "sm";
  said.role = "status";
  const names = document.createElement("ul");
  names.className = "plain sm";
  field.before(hint);
  field.after(said, names);
  zone.classList.add("drop");
  const show = () => {
    const files = [...field.files];
    said.textContent = files.length ? words.dropChosen.replace("{n}", files.length) : "";
    names.replaceChildren(...files.slice(0, 12).map((file) => {
      const line = document.createElement("li");
      line.textContent = file.name;
      return line;
    }));
    if (files.length > 12) names.append(Object.assign(document.createElement("li"), { textContent: "…" }));
  };
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const leave = () => { depth = 0; zone.classList.remove("is-over"); };
  zone.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    zone.classList.add("is-over");
  });
  zone.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  zone.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) leave(); });
  zone.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    leave();
    const folders = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (folders) {
      said.textContent = words.dropFolder;
      return;
    }
    // What was dropped before stays: a person may drop file after file.
    const all = new DataTransfer();
    for (const file of [...field.files, ...event.dataTransfer.files]) all.items.add(file);
    field.files = all.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    zone.closest("form")?.querySelector("button[type=submit]")?.focus();
  });
  field.addEventListener("change", show);
  // A file that misses the zone must not replace the page, and with it what was typed.
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => { if (holdsFiles(event) && !zone.contains(event.target)) event.preventDefault(); });
  }
  show();
}
