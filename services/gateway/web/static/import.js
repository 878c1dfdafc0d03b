// Files can be dropped on the box as well as chosen; their names are shown.
(() => {
  "use strict";
  const box = document.querySelector("[data-drop]");
  const input = box.querySelector("input");
  const names = box.querySelector("[data-names]");

  input.addEventListener("change", () => {
    names.textContent = [...input.files].map((file) => file.name).join(", ");
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      box.classList.toggle("over", kind === "dragover");
    });
  }
  box.addEventListener("drop", (event) => {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
})();
