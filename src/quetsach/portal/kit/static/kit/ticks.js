// A long list gets a button that ticks all boxes of its form, or none; a status says how many are ticked.
for (const place of document.querySelectorAll("[data-tick-all]")) {
  const words = place.dataset;
  const boxes = [...place.closest("form").querySelectorAll(`input[type=checkbox][name="${words.tickName}"]`)];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  const said = document.createElement("span");
  said.className = "muted";
  said.role = "status";
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    button.textContent = ticked === boxes.length ? words.tickNone : words.tickAll;
    said.textContent = `${ticked} / ${boxes.length}`;
  };
  button.addEventListener("click", () => {
    const wanted = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = wanted;
    tell();
  });
  place.closest("form").addEventListener("change", tell);
  place.append(button, said);
  tell();
}
