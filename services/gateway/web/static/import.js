// Files can be dropped on the box as well as chosen; their names are shown.
(() => {
  "use strict";
  const box = document.querySelector("[data-drop]");
  const input = box.querySelector("input");
  const names = box.querySelector("[data-names]");

  function show() {
    names.textContent = [...input.files].map((file) => file.name).join(", ");
  }

  input.addEventListener("change", show);
  show(); // what was chosen before this script came, or a browser has kept
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
