// Where scripts run, one tap copies a prepared message: a button for each [data-copy], whose value is the button's word.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn block-s";
  button.textContent = text.dataset.copy;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value ?? text.innerText);
    } catch {
      if (text.select) text.select();
      else getSelection().selectAllChildren(text);
      document.execCommand("copy"); // plain http has no clipboard API
    }
    button.textContent = text.dataset.copied;
  });
  text.after(button);
}
