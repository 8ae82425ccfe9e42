// A table [data-row-keys] with one list of choices a row: digits choose and go on, j and k move, o opens, Ctrl+Enter saves.
for (const table of document.querySelectorAll("table[data-row-keys]")) {
  const form = table.closest("form");
  const lists = [...table.tBodies[0].querySelectorAll("select")];
  const help = form.querySelector("[data-row-help]");
  const hasKeys = matchMedia("(hover: hover)").matches;
  if (help) help.hidden = !hasKeys;
  const said = document.createElement("p");
  said.className = "muted no-print";
  said.role = "status";
  table.after(said);
  const tell = (more = "") => {
    const number = lists.filter((list) => list.value).length;
    said.textContent = `${number} / ${lists.length} ${table.dataset.rowTold}${more ? `. ${more}` : ""}`;
  };
  const go = (from, by) => {
    const next = lists[Math.min(Math.max(from + by, 0), lists.length - 1)];
    next.focus();
    next.closest("tr").scrollIntoView({ block: "nearest" });
  };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    const at = lists.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const list = lists[at];
    const chosen = event.key === "0" ? list.options[0] : list.querySelector(`option[data-key="${CSS.escape(event.key)}"]`);
    if (/^\d$/.test(event.key)) {
      event.preventDefault();
      if (!chosen) return;
      chosen.selected = true;
      // A digit that means how the row stands already changes nothing, and says so.
      tell(event.key !== "0" && !chosen.value ? table.dataset.rowKept : "");
      go(at, 1);
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      go(at, event.key === "j" ? 1 : -1);
    } else if (event.key === "o") {
      event.preventDefault();
      location.assign(list.closest("tr").querySelector("a").href);
    }
  });
  table.addEventListener("change", () => tell());
  tell();
  if (hasKeys) lists[0]?.focus({ preventScroll: true });
}
