// A table [data-row-keys] with one list of choices a row: digits choose and go on, j and k move, o opens, Ctrl+Enter saves.
// Choices stay in this tab, under the name data-row-keep, when another page of the list or a case is opened. All go with the form,
// and stay until a page of the server names them in data-row-answered: an answer may never come.
// A row may have a text, [data-row-why], that its choice of that value needs: the digit goes there, Enter to the next row, and the
// down arrow takes the text that was written last.
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
  const kept = `rows ${table.dataset.rowKeep}`;
  const texts = lists.map((list) => list.closest("tr").querySelector("[data-row-why]"));
  const isNeeded = (at) => Boolean(texts[at]) && lists[at].value === texts[at].dataset.rowWhy;
  const here = new Set([...lists, ...texts].filter(Boolean).map((field) => field.name));
  const choices = new Map(read());
  for (const name of (table.dataset.rowAnswered || "").split(" ")) {
    choices.delete(name);
    choices.delete(name.replace("may-", "vi-sao-"));
  }
  function read() {
    try {
      return Object.entries(JSON.parse(sessionStorage.getItem(kept)) || {});
    } catch {
      return [];
    }
  }
  const keep = (some) => {
    try {
      sessionStorage.setItem(kept, JSON.stringify(Object.fromEntries(some)));
    } catch {
      // Without a place to keep them the choices are those of this page, as without this script.
    }
  };
  const elsewhere = () => [...choices].filter(([name]) => !here.has(name));
  const isText = (name) => name.startsWith("vi-sao-");
  let written = [...choices].filter(([name]) => isText(name)).at(-1)?.[1] || "";
  const others = document.createElement("p");
  others.className = "no-print";
  others.hidden = true;
  const number = document.createElement("b");
  const forget = document.createElement("button");
  forget.type = "button";
  forget.className = "btn";
  forget.textContent = table.dataset.rowForget;
  others.append(number, " ", forget);
  said.after(others);
  const tell = (more = "") => {
    for (const list of lists) {
      if (list.value) choices.set(list.name, list.value);
      else choices.delete(list.name);
    }
    texts.forEach((text, at) => {
      if (!text) return;
      text.parentElement.hidden = !isNeeded(at);
      if (isNeeded(at) && text.value) choices.set(text.name, text.value);
      else choices.delete(text.name);
    });
    keep(choices);
    const chosen = lists.filter((list) => list.value).length;
    said.textContent = `${chosen} / ${lists.length} ${table.dataset.rowTold}${more ? `. ${more}` : ""}`;
    const left = elsewhere().filter(([name]) => !isText(name)).length;
    others.hidden = !left;
    number.textContent = `${left} ${table.dataset.rowOthers}.`;
  };
  forget.addEventListener("click", () => {
    for (const [name] of elsewhere()) choices.delete(name);
    tell();
  });
  for (const one of form.querySelectorAll("[data-row-elsewhere]")) {
    choices.set(one.name, one.value); // the page came back with an error
    one.remove();
  }
  for (const list of lists) {
    const before = choices.get(list.name);
    if (!list.value && [...list.options].some((one) => one.value === before)) list.value = before;
  }
  for (const text of texts) if (text && !text.value) text.value = choices.get(text.name) || "";
  form.addEventListener("submit", () => {
    for (const one of form.querySelectorAll("[data-row-sent]")) one.remove(); // of an attempt that nobody answered
    for (const [name, value] of elsewhere()) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      field.dataset.rowSent = "";
      form.append(field);
    }
  });
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
    const why = texts.indexOf(event.target);
    if (why >= 0 && event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      go(why, 1);
      return;
    }
    if (why >= 0 && event.key === "ArrowDown" && !event.target.value && written) {
      event.preventDefault();
      event.target.value = written;
      tell();
      return;
    }
    const at = lists.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const list = lists[at];
    const chosen = event.key === "0" ? list.options[0] : list.querySelector(`option[data-key="${CSS.escape(event.key)}"]`);
    if (/^\d$/.test(event.key)) {
      event.preventDefault();
      if (!chosen) {
        if (list.dataset.rowFirst) tell(list.dataset.rowFirst);
        return;
      }
      chosen.selected = true;
      // A digit that means how the row stands already changes nothing, and says so.
      tell(event.key !== "0" && !chosen.value ? table.dataset.rowKept : "");
      if (isNeeded(at)) texts[at].focus();
      else go(at, 1);
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      go(at, event.key === "j" ? 1 : -1);
    } else if (event.key === "o") {
      event.preventDefault();
      location.assign(list.closest("tr").querySelector("a").href);
    }
  });
  table.addEventListener("change", (event) => {
    if (texts.includes(event.target) && event.target.value) written = event.target.value;
    tell();
  });
  tell();
  if (hasKeys) lists[0]?.focus({ preventScroll: true });
}
