// Where scripts run, the row of buttons [data-print] begins with one that prints; the value is its word.
for (const row of document.querySelectorAll("[data-print]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-main";
  button.textContent = row.dataset.print;
  button.addEventListener("click", () => print());
  row.prepend(button);
}
